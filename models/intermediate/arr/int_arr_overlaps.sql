-- Grain: one row per contract, product and contract that could have renewed it without a gap.
-- The new contract is of the same account and product, begins within the last term of the old one,
-- no more than early_renewal_days before its end, and goes on after it, paid or paused. What runs
-- on beside for longer, or of another product, is bought besides. A contract that outlives the new
-- one, with another product, was changed and not renewed, nor was one by a product added to an
-- older one: a contract is as old as its start, free or on trial as it may have been at first.
-- is_open: the old one has no end but the one that is agreed for it; is_certain: or would be.
{% set never = "cast('9999-12-31' as date)" %}
{% set contract = ['source_system', 'subscription_id', 'product_id'] %}
{% set pair = [
    'source_system', 'subscription_id', 'product_id', 'successor_source', 'successor_id',
    'begins_on', 'ends_on', 'is_open', 'is_certain', 'new_arr',
] %}

with lines as (
    select
        {{ each_column(contract + [
            'account_id', 'contract_account_id', 'billing_interval', 'interval_count',
        ], '@') }},
        valid_from,
        coalesce(valid_to, {{ never }}) as valid_to,
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
        {{ days_between('term_start', 'term_end') }} as term_days,
        ends_on,
        is_end_agreed
    from {{ ref('int_billing_subscriptions') }}
),

paid as (
    select
        {{ each_column(contract, '@') }},
        min(valid_from) as paid_from,
        max(valid_to) as paid_until,
        max(arr) as largest_arr,
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
    group by {{ each_column(contract, '@') }}
),

ended as (
    select
        paid.*,
        subscriptions.started_on,
        greatest(paid.interval_days, subscriptions.term_days) as term_days,
        paid.paid_until = {{ never }} and subscriptions.ends_on is not null as is_open,
        paid.paid_until < {{ never }} or subscriptions.is_end_agreed as is_certain,
        case
            when paid.paid_until < {{ never }} then paid.paid_until
            else coalesce(subscriptions.ends_on, paid.paid_until)
        end as ends_on,
        -- What was to end by now and is paid for goes on, as far as anybody knows.
        case
            when
                paid.paid_until = {{ never }}
                and subscriptions.is_end_agreed
                and subscriptions.ends_on > {{ as_of_date() }}
                then subscriptions.ends_on
            else paid.paid_until
        end as goes_on_until
    from paid
    left outer join subscriptions
        on
            paid.source_system = subscriptions.source_system
            and paid.subscription_id = subscriptions.subscription_id
),

contracts as (
    select
        *,
        least(min(paid_from) over contract, started_on) as contract_from,
        max(ends_on) over contract as contract_ends_on,
        max(goes_on_until) over contract as contract_goes_on_until
    from ended
    window contract as (partition by source_system, subscription_id)
),

holders as (
    select distinct
        {{ each_column(contract, '@') }},
        {{ either_of('account_id', 'contract_account_id') }} as account_id
    from lines
),

-- Contracts that one account has had: of all contracts with a product there are far too many pairs.
neighbours as (
    select distinct
        {{ each_column(contract, 'holders.@') }},
        others.source_system as successor_source,
        others.subscription_id as successor_id
    from holders
    inner join holders as others
        on
            holders.account_id = others.account_id
            and holders.product_id is not distinct from others.product_id
            and holders.subscription_id <> others.subscription_id
            and holders.account_id <> 'unassigned'
),

-- Of two billing systems only what follows on the day is compared.
pairs as (
    select
        neighbours.*,
        renewals.paid_from as begins_on,
        renewals.largest_arr as new_arr,
        contracts.ends_on,
        contracts.is_open,
        contracts.is_certain
    from neighbours
    inner join contracts
        on
            neighbours.source_system = contracts.source_system
            and neighbours.subscription_id = contracts.subscription_id
            and neighbours.product_id is not distinct from contracts.product_id
    inner join contracts as renewals
        on
            neighbours.successor_source = renewals.source_system
            and neighbours.successor_id = renewals.subscription_id
            and neighbours.product_id is not distinct from renewals.product_id
    where
        contracts.ends_on >= renewals.paid_from
        and (
            contracts.ends_on = renewals.paid_from
            or neighbours.source_system = neighbours.successor_source
        )
        and contracts.ends_on < renewals.goes_on_until
        and contracts.contract_ends_on < renewals.contract_goes_on_until
        and contracts.contract_from < renewals.contract_from
        and {{ days_between('renewals.paid_from', 'contracts.ends_on') }}
        <= least(contracts.term_days, {{ var('early_renewal_days') }})
),

-- The old one may cost nothing for a while when the new one begins.
met as (
    select
        {{ each_column(pair, 'pairs.@') }},
        greatest(pairs.begins_on, min(lines.valid_from)) as renewed_on
    from pairs
    inner join lines
        on
            pairs.source_system = lines.source_system
            and pairs.subscription_id = lines.subscription_id
            and pairs.product_id is not distinct from lines.product_id
            and least(pairs.begins_on, {{ add_days('pairs.ends_on', -1) }}) < lines.valid_to
    group by {{ each_column(pair, 'pairs.@') }}
),

-- Both belong to one account on the day on which they first run side by side, or on which the new
-- one follows.
final as (
    select
        {{ each_column(pair + ['renewed_on'], 'met.@') }},
        old_lines.account_id,
        cast(sum(old_lines.arr) as decimal(18, 2)) as arr
    from met
    inner join lines as old_lines
        on
            met.source_system = old_lines.source_system
            and met.subscription_id = old_lines.subscription_id
            and met.product_id is not distinct from old_lines.product_id
            and met.renewed_on >= old_lines.valid_from
            and least(met.renewed_on, {{ add_days('met.ends_on', -1) }}) < old_lines.valid_to
    where
        exists (
            select 1
            from lines as new_lines
            where
                met.successor_source = new_lines.source_system
                and met.successor_id = new_lines.subscription_id
                and met.product_id is not distinct from new_lines.product_id
                and met.renewed_on >= new_lines.valid_from
                and met.renewed_on < new_lines.valid_to
                and case
                    when met.renewed_on < met.ends_on
                        then old_lines.account_id = new_lines.account_id
                    else old_lines.contract_account_id = new_lines.contract_account_id
                end
        )
    group by {{ each_column(pair + ['renewed_on'], 'met.@') }}, old_lines.account_id
)

select * from final
