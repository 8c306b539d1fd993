-- Grain: one row per account, user and day on which the user did something.
-- A view: identity is resolved when it is read, so a merge or a new mapping restates all of the
-- account's days at once, and the day-by-day table below it never has to be touched.
{{ config(materialized='view') }}

with people as (
    select
        user_no,
        account_id,
        user_id,
        valid_from,
        valid_to
    from {{ ref('int_product_people') }}
    where user_id is not null
),

user_days as (
    select
        people.account_id,
        people.user_id,
        days.usage_date,
        days.events as counted_events,
        0 as reported_events
    from {{ ref('int_product_user_days') }} as days
    inner join people
        on
            days.user_no = people.user_no
            and days.usage_date >= people.valid_from
            and days.usage_date < people.valid_to
    where days.events > 0
    {%- if has_reported_usage() %}
    union all
    select
        people.account_id,
        people.user_id,
        reported.usage_date,
        0 as counted_events,
        reported.events as reported_events
    from {{ ref('int_product_reported_days') }} as reported
    inner join people
        on reported.user_no = people.user_no
    {%- endif %}
),

-- Single events win over a report of the same day: both count the same work.
final as (
    select
        account_id,
        user_id,
        usage_date,
        cast(
            coalesce(nullif(sum(counted_events), 0), sum(reported_events)) as bigint
        ) as events
    from user_days
    group by
        account_id,
        user_id,
        usage_date
)

select * from final
