-- Grain: one row per subscription that changed accounts and day from which another one holds it.
-- Files tell whose a subscription is now: what an earlier delivery said holds until the day of the
-- delivery that says something else. The first one speaks for the time before it; what one after
-- the as-of date says is not known yet. Only subscriptions that moved, or will, are there.
{{ config(enabled=source_is_on('billing', 'files')) }}

with deliveries as (
    select
        subscription_id,
        account_id,
        load_id,
        coalesce(delivered_on, {{ as_of_date() }}) as delivered_on
    from {{ ref('stg_files__subscription_versions') }}
),

told as (
    select
        *,
        lag(account_id) over history as account_before,
        row_number() over history as delivery_number
    from deliveries
    window history as (partition by subscription_id order by load_id)
),

moves as (
    select
        subscription_id,
        account_id as customer_id,
        case when delivery_number = 1 then cast('1900-01-01' as date) else delivered_on end
            as valid_from,
        load_id,
        count(*) over (partition by subscription_id) as holders
    from told
    where delivery_number = 1 or account_id <> account_before
),

-- A day has the last word on it.
last_of_day as (
    select *
    from moves
    where
        holders > 1
        and valid_from <= {{ as_of_date() }}
    qualify
        row_number() over (partition by subscription_id, valid_from order by load_id desc) = 1
),

final as (
    select
        subscription_id,
        customer_id,
        valid_from,
        lead(valid_from) over (partition by subscription_id order by valid_from) as valid_to
    from last_of_day
)

select * from final
