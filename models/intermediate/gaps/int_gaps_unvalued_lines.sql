-- Grain: one row per subscription with a contract line that bears ARR of an amount nobody told.
-- The last net: whatever the billing system is, a line that is in force and has no price, quantity,
-- interval or currency counts as 0 and is named here, unless a gap that says more names it: what
-- an item of Stripe lacks, or an interval of files that is none (interval_unknown). What was used
-- is no quantity that was agreed.
with versions as (
    select
        source_system,
        subscription_item_id,
        valid_from,
        usage_type,
        quantity,
        coalesce(interval_amount, unit_amount) as unit_amount,
        billing_interval,
        currency
    from {{ ref('int_arr_line_versions') }}
    where
        currency is null
        or {{ intervals_per_year('billing_interval') }} is null
        -- What is metered bears no ARR, but for an amount agreed.
        or (
            coalesce(usage_type, 'licensed') <> 'metered'
            and interval_amount is null
            and (unit_amount is null or quantity is null)
        )
),

intervals as (
    select
        source_system,
        subscription_id,
        subscription_item_id,
        version_from,
        valid_from,
        account_id
    from {{ ref('int_arr_line_intervals') }}
    where
        is_billable
        and valid_from <= {{ as_of_date() }}
),

named as (
    {{ union_systems(
        'billing',
        {'stripe': 'int_stripe_unpriced_items'},
        {'subscription_item_id': 'varchar', 'valid_from': 'date', 'gap': 'varchar'}
    ) }}
),

unvalued as (
    select
        intervals.source_system,
        intervals.subscription_id,
        intervals.account_id,
        intervals.subscription_item_id,
        intervals.valid_from,
        case
            when versions.unit_amount is null then 'price'
            when versions.currency is null then 'currency'
            when versions.quantity is null then 'quantity'
            else 'billing interval'
        end as missing
    from intervals
    inner join versions
        on
            intervals.source_system = versions.source_system
            and intervals.subscription_item_id = versions.subscription_item_id
            and intervals.version_from = versions.valid_from
    left outer join named
        on
            versions.source_system = named.source_system
            and versions.subscription_item_id = named.subscription_item_id
            and versions.valid_from = named.valid_from
            -- What is by usage may lack a flat amount and a currency.
            and named.gap <> 'commitment_unknown'
    where named.gap is null
),

final as (
    select
        source_system,
        'subscription' as object_type,
        subscription_id as object_id,
        'arr_unknown' as gap,
        'Subscription ' || subscription_id || ' is paid for, and nothing tells the '
        || min(missing) || ' of line ' || min(subscription_item_id)
        || case
            when count(distinct subscription_item_id) > 1
                then
                    ' and of ' || cast(count(distinct subscription_item_id) - 1 as varchar)
                    || ' more'
            else ''
        end
        || '; it counts as 0.' as what_is_missing,
        max(account_id) as account_id,
        cast(count(distinct subscription_item_id) as bigint) as row_count,
        cast(null as decimal(18, 2)) as arr_affected,
        min(valid_from) as since,
        'Deliver it, or the invoice lines of the subscription.' as remedy,
        'error' as severity
    from unvalued
    where source_system <> 'files' or missing <> 'billing interval'
    group by
        source_system,
        subscription_id
)

select * from final
