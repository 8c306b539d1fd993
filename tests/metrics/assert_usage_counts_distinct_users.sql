-- The as-of date's monthly, weekly and daily users, counted the plain way: distinct users of the
-- events themselves. Accounts with usage reported per day are left out.
{{ config(meta={'dagster': {'ref': {'name': 'fct_account_usage_day'}}}) }}

with events as (
    select
        people.account_id,
        people.user_id,
        cast(events.occurred_at as date) as usage_date
    from {{ ref('int_product_events') }} as events
    inner join {{ ref('int_product_user_keys') }} as user_keys
        on
            events.source_system = user_keys.source_system
            and events.account_key is not distinct from user_keys.account_key
            and events.user_id = user_keys.user_id
    inner join {{ ref('int_product_people') }} as people
        on
            user_keys.user_no = people.user_no
            and cast(events.occurred_at as date) >= people.valid_from
            and cast(events.occurred_at as date) < people.valid_to
    where events.occurred_at >= {{ day_start(as_of_date(), -27) }}
),

counted as (
    select
        account_id,
        count(distinct user_id) as active_users_28d,
        count(
            distinct case when usage_date >= {{ add_days(as_of_date(), -6) }} then user_id end
        ) as active_users_7d,
        count(distinct case when usage_date = {{ as_of_date() }} then user_id end)
            as active_users_1d
    from events
    group by account_id
),

reporting as (
    select accounts.account_id
    from {{ ref('int_product_reported_days') }} as reported
    inner join {{ ref('int_product_accounts') }} as accounts
        on
            reported.source_system = accounts.source_system
            and reported.account_key = accounts.account_key
    group by accounts.account_id
),

fact as (
    select
        usage.account_id,
        usage.active_users_1d,
        usage.active_users_7d,
        usage.active_users_28d
    from {{ ref('fct_account_usage_day') }} as usage
    left outer join reporting
        on usage.account_id = reporting.account_id
    where
        usage.usage_date = {{ as_of_date() }}
        and reporting.account_id is null
)

select
    fact.account_id,
    fact.active_users_1d,
    counted.active_users_1d as counted_1d,
    fact.active_users_7d,
    counted.active_users_7d as counted_7d,
    fact.active_users_28d,
    counted.active_users_28d as counted_28d
from fact
left outer join counted
    on fact.account_id = counted.account_id
where
    fact.active_users_1d <> coalesce(counted.active_users_1d, 0)
    or fact.active_users_7d <> coalesce(counted.active_users_7d, 0)
    or fact.active_users_28d <> coalesce(counted.active_users_28d, 0)
