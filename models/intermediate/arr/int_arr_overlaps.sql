-- Grain: one row per contract, product and contract that renewed it before it was over.
-- The new contract is of the same account and product, begins within the last term of the old one,
-- no more than early_renewal_days before its end, and goes on after it, paid or paused. What runs
-- on beside for longer, or of another product, is bought besides. A contract that outlives the new
-- one, with another product, was changed and not renewed, nor was one by a product added to an
-- older one: a contract is as old as its start, free or on trial as it may have been at first.
with lines as (
    select
        source_system,
        subscription_id,
        product_id,
        account_id,
        billing_interval,
        interval_count,
        valid_from,
        coalesce(valid_to, cast('9999-12-31' as date)) as valid_to,
        arr
    from {{ ref('int_arr_line_amounts') }}
    where
        (arr > 0 or is_on_hold)
        and valid_from <= {{ as_of_date() }}
),

subscriptions as (
    select
        source_system,
        subscription_id,
        started_on,
        {{ days_between('term_start', 'term_end') }} as term_days
    from {{ ref('int_billing_subscriptions') }}
),

contracts as (
    select
        source_system,
        subscription_id,
        product_id,
        min(valid_from) as paid_from,
        max(valid_to) as paid_until,
        min(min(valid_from)) over (partition by source_system, subscription_id) as contract_from,
        max(max(valid_to)) over (partition by source_system, subscription_id) as contract_until,
        max_by(
            interval_count * case lower(billing_interval)
                when 'year' then 365
                when 'quarter' then 92
                when 'month' then 31
                when 'week' then 7
                else 1
            end, valid_from
        ) as interval_days
    from lines
    group by
        source_system,
        subscription_id,
        product_id
),

holders as (
    select distinct
        source_system,
        subscription_id,
        product_id,
        account_id
    from lines
    where account_id <> 'unassigned'
),

-- Contracts that one account has had: of all contracts with a product there are far too many pairs.
neighbours as (
    select
        holders.source_system,
        holders.subscription_id,
        holders.product_id,
        others.subscription_id as successor_id
    from holders
    inner join holders as others
        on
            holders.source_system = others.source_system
            and holders.account_id = others.account_id
            and holders.product_id is not distinct from others.product_id
            and holders.subscription_id <> others.subscription_id
),

pairs as (
    select
        neighbours.source_system,
        neighbours.subscription_id,
        neighbours.product_id,
        neighbours.successor_id,
        renewals.paid_from as renewed_from,
        contracts.paid_until as overlap_to,
        greatest(contracts.interval_days, old_subscriptions.term_days) as term_days
    from neighbours
    inner join contracts
        on
            neighbours.source_system = contracts.source_system
            and neighbours.subscription_id = contracts.subscription_id
            and neighbours.product_id is not distinct from contracts.product_id
    inner join contracts as renewals
        on
            neighbours.source_system = renewals.source_system
            and neighbours.successor_id = renewals.subscription_id
            and neighbours.product_id is not distinct from renewals.product_id
            and contracts.paid_until > renewals.paid_from
            and contracts.paid_until < renewals.paid_until
            and contracts.contract_until < renewals.contract_until
    left outer join subscriptions as old_subscriptions
        on
            contracts.source_system = old_subscriptions.source_system
            and contracts.subscription_id = old_subscriptions.subscription_id
    left outer join subscriptions as new_subscriptions
        on
            renewals.source_system = new_subscriptions.source_system
            and renewals.subscription_id = new_subscriptions.subscription_id
    where
        least(contracts.contract_from, old_subscriptions.started_on)
        < least(renewals.contract_from, new_subscriptions.started_on)
),

-- The old one may cost nothing for a while when the new one begins.
recent as (
    select
        pairs.source_system,
        pairs.subscription_id,
        pairs.product_id,
        pairs.successor_id,
        pairs.overlap_to,
        greatest(pairs.renewed_from, min(old_lines.valid_from)) as overlap_from
    from pairs
    inner join lines as old_lines
        on
            pairs.source_system = old_lines.source_system
            and pairs.subscription_id = old_lines.subscription_id
            and pairs.product_id is not distinct from old_lines.product_id
            and pairs.renewed_from < old_lines.valid_to
    where
        {{ days_between('pairs.renewed_from', 'pairs.overlap_to') }}
        <= least(pairs.term_days, {{ var('early_renewal_days') }})
    group by
        pairs.source_system,
        pairs.subscription_id,
        pairs.product_id,
        pairs.successor_id,
        pairs.renewed_from,
        pairs.overlap_to
),

-- Both belong to one account on the day on which they first run side by side.
final as (
    select
        recent.source_system,
        recent.subscription_id,
        recent.product_id,
        recent.successor_id,
        recent.overlap_from,
        recent.overlap_to,
        cast({{ days_between('recent.overlap_from', 'recent.overlap_to') }} as bigint)
            as overlap_days,
        old_lines.account_id,
        cast(sum(old_lines.arr) as decimal(18, 2)) as overlap_arr
    from recent
    inner join lines as old_lines
        on
            recent.source_system = old_lines.source_system
            and recent.subscription_id = old_lines.subscription_id
            and recent.product_id is not distinct from old_lines.product_id
            and recent.overlap_from >= old_lines.valid_from
            and recent.overlap_from < old_lines.valid_to
    where
        exists (
            select 1
            from lines as new_lines
            where
                recent.source_system = new_lines.source_system
                and recent.successor_id = new_lines.subscription_id
                and recent.product_id is not distinct from new_lines.product_id
                and recent.overlap_from >= new_lines.valid_from
                and recent.overlap_from < new_lines.valid_to
                and old_lines.account_id = new_lines.account_id
        )
    group by
        recent.source_system,
        recent.subscription_id,
        recent.product_id,
        recent.successor_id,
        recent.overlap_from,
        recent.overlap_to,
        old_lines.account_id
)

select * from final
