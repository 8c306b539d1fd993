-- Grain: one row per person of an account in scope and day, source key and kind of report.
-- What the figures of this run are counted from: the days on which somebody did something, from
-- the account's read_from on. Single events and usage reported per day stand side by side.
{{ config(materialized='ephemeral') }}

with scope as (
    select
        account_id,
        account_no,
        read_from,
        is_deep
    from {{ ref('int_product_usage_scope') }}
),

people as (
    select
        known.user_no,
        known.user_id,
        known.person_no,
        known.valid_to,
        scope.account_no,
        scope.is_deep,
        greatest(known.valid_from, scope.read_from) as read_from
    from {{ ref('int_product_people') }} as known
    inner join scope
        on known.account_id = scope.account_id
),

-- Recent and deep accounts apart: the first branch skips all older days, the second all other
-- accounts.
final as (
    {%- for branch in ['recent', 'deep'] %}
    select
        people.account_no,
        people.person_no,
        days.usage_date,
        days.events,
        people.user_id is not null as is_user,
        false as is_reported,
        cast(null as bigint) as reported_users
    from {{ ref('int_product_user_days') }} as days
    inner join people
        on
            days.user_no = people.user_no
            and days.usage_date >= people.read_from
            and days.usage_date < people.valid_to
    where
        days.events > 0
        {%- if branch == 'recent' %}
        and not people.is_deep
        and days.usage_date >= {{ add_days(recent_usage_from(), -27) }}
        {%- else %}
        and people.is_deep
        {%- endif %}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
    {%- if has_reported_usage() %}
    union all
    select
        people.account_no,
        people.person_no,
        reported.usage_date,
        reported.events,
        people.user_id is not null as is_user,
        true as is_reported,
        reported.reported_users
    from {{ ref('int_product_reported_days') }} as reported
    inner join people
        on
            reported.user_no = people.user_no
            and reported.usage_date >= people.read_from
    {%- endif %}
)

select * from final
