-- Control total: what a line earns over all months, accounts and days to come is the line.
{{ config(meta={'dagster': {'ref': {'name': 'int_finance_earnings'}}}) }}

with earnings as (
    select
        source_system,
        invoice_line_id,
        sum(earned) as earned,
        sum(earned_booked) as earned_booked
    from {{ ref('int_finance_earnings') }}
    group by
        source_system,
        invoice_line_id
),

lines as (
    select
        source_system,
        invoice_line_id,
        amount_reporting,
        amount_booked
    from {{ ref('int_finance_service_lines') }}
    where is_billed
)

select
    lines.source_system,
    lines.invoice_line_id,
    lines.amount_reporting,
    earnings.earned
from lines
left outer join earnings
    on
        lines.source_system = earnings.source_system
        and lines.invoice_line_id = earnings.invoice_line_id
where
    lines.amount_reporting <> coalesce(earnings.earned, 0)
    or lines.amount_booked <> coalesce(earnings.earned_booked, 0)
