-- Grain: one row per recurring invoice line that was written off before its service was over.
-- It was a bill, and is none any more from that day on to the end of its service; where nobody says
-- when, from the day on which it was due.
{% set tomorrow = 'cast(' ~ dbt.dateadd('day', 1, as_of_date()) ~ ' as date)' %}

with invoice_lines as (
    select
        source_system,
        invoice_id,
        invoice_line_id,
        contract_id,
        earned_from,
        earned_to,
        implied_arr
    from {{ ref('int_tie_out_lines') }}
    where
        is_billed
        and is_written_off
),

receivables as (
    select
        source_system,
        invoice_id,
        case when ended_by = 'written_off' then ended_on else due_on end as written_off_on
    from {{ ref('int_billing_receivables') }}
),

spans as (
    select
        invoice_lines.source_system,
        invoice_lines.invoice_line_id,
        invoice_lines.contract_id,
        greatest(invoice_lines.earned_from, receivables.written_off_on) as first_day,
        least(invoice_lines.earned_to, {{ tomorrow }}) as end_day,
        invoice_lines.implied_arr as given_up_arr
    from invoice_lines
    inner join receivables
        on
            invoice_lines.source_system = receivables.source_system
            and invoice_lines.invoice_id = receivables.invoice_id
),

final as (
    select *
    from spans
    where first_day < end_day
)

select * from final
