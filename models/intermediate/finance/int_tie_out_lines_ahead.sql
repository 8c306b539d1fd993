-- Grain: one row per subscription item and day after the as-of date from which a version of it
-- holds (files): the steps of a contract that are agreed and have not come.
-- They are no ARR yet. A bill in advance is for them too.
{{ config(enabled=source_is_on('billing', 'files')) }}

with items as (
    select
        subscription_item_id,
        subscription_id,
        valid_from,
        valid_to,
        quantity,
        unit_amount,
        billing_interval,
        interval_count,
        discount_percent,
        discount_amount,
        discount_duration,
        discount_until
    from {{ ref('stg_files__subscription_items') }}
),

subscriptions as (
    select
        subscription_id,
        contract_account_id,
        currency
    from {{ ref('int_arr_line_intervals') }}
    where source_system = 'files'
    group by
        subscription_id,
        contract_account_id,
        currency
),

priced as (
    select
        subscription_item_id,
        subscription_id,
        valid_from,
        least(
            coalesce(valid_to, cast('9999-12-31' as date)),
            coalesce(
                lead(valid_from) over (
                    partition by subscription_item_id
                    order by valid_from
                ),
                cast('9999-12-31' as date)
            )
        ) as valid_to,
        billing_interval,
        coalesce(interval_count, 1) as interval_count,
        cast(unit_amount as double) * quantity as gross_interval_amount,
        case when is_discounted then coalesce(discount_percent, 0) else 0 end as percent_off,
        case when is_discounted then coalesce(discount_amount, 0) else 0 end as amount_off
    from (
        select
            *,
            coalesce(discount_duration, 'forever') <> 'once'
            and coalesce(discount_until > valid_from, true) as is_discounted
        from items
    ) as flagged
),

ahead as (
    select
        *,
        gross_interval_amount * (1 - percent_off / 100) - amount_off as net_interval_amount
    from priced
    where valid_from > {{ as_of_date() }}
),

final as (
    select
        'files' as source_system,
        ahead.subscription_item_id,
        ahead.subscription_id,
        ahead.valid_from,
        ahead.valid_to,
        subscriptions.contract_account_id,
        subscriptions.currency,
        cast(
            ahead.net_interval_amount
            * {{ intervals_per_year('ahead.billing_interval') }}
            / ahead.interval_count as decimal(28, 4)
        ) as arr_local
    from ahead
    inner join subscriptions
        on ahead.subscription_id = subscriptions.subscription_id
    where ahead.valid_to > ahead.valid_from
)

select * from final
