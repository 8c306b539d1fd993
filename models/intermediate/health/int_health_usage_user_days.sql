-- Grain: one row per phase, person and day on which the person did something.
-- known_on is the day at whose end it was known: the day itself, or the day on which the first of
-- its events arrived. Who did it is the user's e-mail and key of today: the product keeps no
-- history of them.
{{ config(materialized='ephemeral') }}

with sources as (
    select
        phase_no,
        source_system,
        account_key
    from {{ ref('int_health_usage_sources') }}
),

known_people as (
    select
        user_no,
        source_system,
        account_key,
        person_no,
        valid_from,
        valid_to
    from {{ ref('int_product_people') }}
    where user_id is not null
),

people as (
    select
        sources.phase_no,
        known_people.user_no,
        known_people.person_no,
        known_people.valid_from,
        known_people.valid_to
    from sources
    inner join known_people
        on
            sources.source_system = known_people.source_system
            and sources.account_key = known_people.account_key
),

late as (
    select
        user_no,
        usage_date,
        sum(events) as events,
        min(known_on) as known_on
    from {{ ref('int_product_late_days') }}
    where events > 0
    group by
        user_no,
        usage_date
),

user_days as (
    select
        people.phase_no,
        people.person_no,
        days.usage_date,
        case
            when days.events <= late.events then late.known_on
            else days.usage_date
        end as known_on
    from {{ ref('int_product_user_days') }} as days
    inner join people
        on
            days.user_no = people.user_no
            and days.usage_date >= people.valid_from
            and days.usage_date < people.valid_to
    left outer join late
        on
            days.user_no = late.user_no
            and days.usage_date = late.usage_date
    where days.events > 0
    {%- if has_reported_usage() %}
    union all
    select
        people.phase_no,
        people.person_no,
        reported.usage_date,
        reported.usage_date as known_on
    from {{ ref('int_product_reported_days') }} as reported
    inner join people
        on reported.user_no = people.user_no
    {%- endif %}
),

-- A person counts once, under however many keys.
final as (
    select
        phase_no,
        person_no,
        usage_date,
        min(known_on) as known_on
    from user_days
    group by
        phase_no,
        person_no,
        usage_date
)

select * from final
