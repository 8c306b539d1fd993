-- Grain: one row per subscription and day from which it is agreed for terms of one length.
-- A term is what the customer is committed for: the current term that billing gives, whatever the
-- billing interval; where it gives none, or tells each period (Stripe), the longest billing
-- interval in force. agreed_until: how far something was billed or signed for it.
with lines as (
    select
        source_system,
        subscription_id,
        valid_from,
        coalesce(valid_to, cast('9999-12-31' as date)) as valid_to,
        coalesce({{ interval_months('billing_interval', 'interval_count') }}, 0) as line_months
    from {{ ref('int_arr_line_intervals') }}
    where
        (contract_arr > 0 or is_on_hold)
        and valid_from <= {{ as_of_date() }}
),

terms as (
    select
        source_system,
        subscription_id,
        is_auto_renewed,
        signed_until
    from {{ ref('int_billing_terms') }}
),

billed as (
    select
        source_system,
        subscription_id,
        max(service_end) as billed_until
    from {{ ref('int_billing_invoice_lines') }}
    where
        line_kind = 'recurring'
        and is_billed
        and amount > 0
    group by
        source_system,
        subscription_id
),

-- The term that billing gives in so many words: Stripe tells periods of billing instead. One that
-- is told with its last day is as long as with the day after.
periods as (
    select
        source_system,
        subscription_id,
        term_start,
        term_end,
        {{ add_days('term_end', 1) }} as day_after
    from {{ ref('int_billing_subscriptions') }}
    where
        source_system <> 'stripe'
        and term_end > term_start
),

delivered as (
    select
        source_system,
        subscription_id,
        term_start,
        case
            when
                cast({{ dbt.dateadd(
                    'month', months_between('term_start', 'day_after'), 'term_start'
                ) }} as date) = day_after
                then {{ months_between('term_start', 'day_after') }}
            else {{ months_between('term_start', 'term_end') }}
        end as term_months
    from periods
),

-- paid_until is null while there is no end: the contract is paid, or paused, until further notice.
contracts as (
    select
        source_system,
        subscription_id,
        min(valid_from) as paid_from,
        nullif(max(valid_to), cast('9999-12-31' as date)) as paid_until
    from lines
    group by
        source_system,
        subscription_id
),

change_days as (
    select
        source_system,
        subscription_id,
        valid_from as changed_on
    from lines
    union
    select
        source_system,
        subscription_id,
        valid_to as changed_on
    from lines
),

lengths as (
    select
        change_days.source_system,
        change_days.subscription_id,
        change_days.changed_on,
        max(lines.line_months) as line_months
    from change_days
    inner join lines
        on
            change_days.source_system = lines.source_system
            and change_days.subscription_id = lines.subscription_id
            and change_days.changed_on >= lines.valid_from
            and change_days.changed_on < lines.valid_to
    group by
        change_days.source_system,
        change_days.subscription_id,
        change_days.changed_on
),

changes as (
    select
        *,
        lag(line_months) over (
            partition by source_system, subscription_id
            order by changed_on
        ) as months_before
    from lengths
),

stretches as (
    select
        contracts.source_system,
        contracts.subscription_id,
        contracts.paid_from as stretch_from,
        delivered.term_months,
        delivered.term_start as delivered_start
    from contracts
    inner join delivered
        on
            contracts.source_system = delivered.source_system
            and contracts.subscription_id = delivered.subscription_id
    union all
    select
        changes.source_system,
        changes.subscription_id,
        changes.changed_on as stretch_from,
        changes.line_months as term_months,
        cast(null as date) as delivered_start
    from changes
    left outer join delivered
        on
            changes.source_system = delivered.source_system
            and changes.subscription_id = delivered.subscription_id
    where
        delivered.subscription_id is null
        and changes.line_months is distinct from changes.months_before
),

final as (
    select
        stretches.source_system,
        stretches.subscription_id,
        stretches.stretch_from,
        lead(stretches.stretch_from) over (
            partition by stretches.source_system, stretches.subscription_id
            order by stretches.stretch_from
        ) as stretch_to,
        cast(stretches.term_months as integer) as term_months,
        stretches.delivered_start,
        contracts.paid_from,
        contracts.paid_until,
        coalesce(terms.is_auto_renewed, false) as is_auto_renewed,
        greatest(billed.billed_until, terms.signed_until, contracts.paid_until) as agreed_until
    from stretches
    inner join contracts
        on
            stretches.source_system = contracts.source_system
            and stretches.subscription_id = contracts.subscription_id
    left outer join terms
        on
            stretches.source_system = terms.source_system
            and stretches.subscription_id = terms.subscription_id
    left outer join billed
        on
            stretches.source_system = billed.source_system
            and stretches.subscription_id = billed.subscription_id
)

select * from final
