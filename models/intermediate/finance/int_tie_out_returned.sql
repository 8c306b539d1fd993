-- Grain: one row per refund and recurring invoice line, credit line, or bill that a credit is for:
-- what of a bill was given back, on the days of the bill.
-- A refund is of the lines of its invoice, but for one of the days after the end of a contract; a
-- credit is of its own days. A credit for other days, or for none, of exactly what was billed again
-- is for that bill. returned_again_arr: the second of one kind and amount for the same days.
{% set tomorrow = 'cast(' ~ dbt.dateadd('day', 1, as_of_date()) ~ ' as date)' %}

with lines as (
    select
        source_system,
        invoice_id,
        invoice_line_id,
        contract_id,
        earned_from,
        earned_to,
        implied_arr,
        billed_arr * {{ days_between('earned_from', 'earned_to') }} / 365 as amount
    from {{ ref('int_tie_out_lines') }}
    where is_billed
),

service_lines as (
    select
        source_system,
        invoice_id,
        invoice_line_id,
        subscription_id,
        contract_account_id,
        line_kind,
        is_proration,
        issued_on,
        earned_from,
        earned_to,
        line_days,
        -amount_reporting as amount,
        -amount_reporting * cast(periods_per_year as double) as implied_arr
    from {{ ref('int_finance_service_lines') }}
    where is_billed
),

contracts as (
    select
        source_system,
        subscription_id,
        contract_account_id,
        contract_id
    from {{ ref('int_tie_out_contracts') }}
),

refunds as (
    select
        lines.source_system,
        lines.contract_id,
        'refund ' || lines.invoice_line_id as returned_id,
        'refund' as kind,
        lines.earned_from,
        lines.earned_to,
        lines.implied_arr * least(
            service_lines.amount
            / sum(lines.amount) over (partition by lines.source_system, lines.invoice_id),
            1
        ) as returned_arr
    from lines
    inner join service_lines
        on
            lines.source_system = service_lines.source_system
            and lines.invoice_id = service_lines.invoice_id
            and service_lines.line_kind = 'refund'
            and lines.earned_from >= service_lines.earned_from
    where lines.amount > 0
),

-- What takes off, be it on a recurring line.
credits as (
    select
        contracts.contract_id,
        service_lines.*
    from service_lines
    inner join contracts
        on
            service_lines.source_system = contracts.source_system
            and service_lines.subscription_id is not distinct from contracts.subscription_id
            and service_lines.contract_account_id = contracts.contract_account_id
    where
        service_lines.line_kind in ('credit', 'recurring')
        and not service_lines.is_proration
        and service_lines.amount > 0
),

doubles as (
    select
        service_lines.source_system,
        repeats.contract_id,
        service_lines.invoice_line_id,
        service_lines.earned_from,
        service_lines.earned_to,
        repeats.repeated_arr,
        -service_lines.amount as amount,
        service_lines.issued_on
    from service_lines
    inner join {{ ref('int_tie_out_repeats') }} as repeats
        on
            service_lines.source_system = repeats.source_system
            and service_lines.invoice_line_id = repeats.invoice_line_id
),

-- Each credit is for one bill, and each bill has one: the first of each that are left.
matched as (
    select
        doubles.source_system,
        doubles.contract_id,
        doubles.invoice_line_id,
        doubles.earned_from,
        doubles.earned_to,
        doubles.repeated_arr,
        dense_rank() over (
            partition by doubles.source_system, doubles.contract_id, doubles.amount
            order by doubles.earned_from, doubles.invoice_line_id
        ) as bill_number,
        dense_rank() over (
            partition by doubles.source_system, doubles.contract_id, doubles.amount
            order by credits.issued_on, credits.invoice_line_id
        ) as credit_number
    from doubles
    inner join credits
        on
            doubles.source_system = credits.source_system
            and doubles.contract_id = credits.contract_id
            and doubles.amount = credits.amount
            and doubles.issued_on <= credits.issued_on
            and (
                (credits.line_kind = 'credit' and credits.line_days = 1)
                or doubles.earned_from >= credits.earned_to
                or doubles.earned_to <= credits.earned_from
            )
),

united as (
    select * from refunds
    union all
    select
        source_system,
        contract_id,
        'credit ' || invoice_line_id as returned_id,
        'credit' as kind,
        earned_from,
        earned_to,
        implied_arr as returned_arr
    from credits
    where
        line_kind = 'credit'
        and line_days > 1
    union all
    select
        source_system,
        contract_id,
        'bill ' || invoice_line_id as returned_id,
        'bill' as kind,
        earned_from,
        earned_to,
        repeated_arr as returned_arr
    from matched
    where bill_number = credit_number
),

final as (
    select
        source_system,
        contract_id,
        returned_id,
        earned_from as first_day,
        least(earned_to, {{ tomorrow }}) as end_day,
        cast(returned_arr as decimal(28, 8)) as returned_arr,
        cast(
            case
                when
                    row_number() over (
                        partition by
                            source_system, contract_id, kind, earned_from, earned_to,
                            cast(returned_arr as decimal(28, 2))
                        order by returned_id
                    ) > 1
                    then returned_arr
                else 0
            end as decimal(28, 8)
        ) as returned_again_arr
    from united
    where earned_from < {{ tomorrow }}
)

select * from final
