-- Grain: one row per account, user and day on which the user did something.
-- A view: identity is resolved when it is read, so a merge or a new mapping restates all of the
-- account's days at once, and the day-by-day table below it never has to be touched.
{{ config(materialized='view') }}

with keys as (
    select
        source_system,
        account_key,
        account_id
    from {{ ref('int_product_accounts') }}
),

counted as (
    select
        source_system,
        account_key,
        user_id,
        usage_date,
        events
    from {{ ref('int_product_user_days') }}
    where
        user_id is not null
        and events > 0
),

reported as (
    select
        source_system,
        account_key,
        user_id,
        usage_date,
        events
    from {{ ref('int_product_reported_days') }}
    where user_id is not null
),

user_days as (
    select
        keys.account_id,
        counted.user_id,
        counted.usage_date,
        sum(counted.events) as counted_events,
        0 as reported_events
    from counted
    inner join keys
        on
            counted.source_system = keys.source_system
            and counted.account_key = keys.account_key
    group by
        keys.account_id,
        counted.user_id,
        counted.usage_date
    union all
    select
        keys.account_id,
        reported.user_id,
        reported.usage_date,
        0 as counted_events,
        sum(reported.events) as reported_events
    from reported
    inner join keys
        on
            reported.source_system = keys.source_system
            and reported.account_key = keys.account_key
    group by
        keys.account_id,
        reported.user_id,
        reported.usage_date
),

final as (
    select
        account_id,
        user_id,
        usage_date,
        cast(greatest(sum(counted_events), sum(reported_events)) as bigint) as events
    from user_days
    group by
        account_id,
        user_id,
        usage_date
)

select * from final
