-- Grain: one row per recurring invoice line that bills for days which an earlier line of the same
-- contract has billed for at the same price.
-- A contract of two lines at one price has such bills too: they are a double bill only where they
-- are what bill and ARR differ by.
{% set tomorrow = 'cast(' ~ dbt.dateadd('day', 1, as_of_date()) ~ ' as date)' %}

with lines as (
    select
        source_system,
        invoice_line_id,
        contract_id,
        earned_from,
        earned_to,
        implied_arr
    from {{ ref('int_tie_out_lines') }}
    where
        is_billed
        and not is_proration
        and implied_arr > 0
),

pairs as (
    select
        lines.source_system,
        lines.invoice_line_id,
        lines.contract_id,
        lines.earned_from as first_day,
        least(max(earlier.earned_to), lines.earned_to, {{ tomorrow }}) as end_day,
        lines.implied_arr as repeated_arr
    from lines
    inner join lines as earlier
        on
            lines.source_system = earlier.source_system
            and lines.contract_id = earlier.contract_id
            and lines.implied_arr = earlier.implied_arr
            and lines.earned_from >= earlier.earned_from
            and lines.earned_from < earlier.earned_to
            and (
                lines.earned_from > earlier.earned_from
                or lines.invoice_line_id > earlier.invoice_line_id
            )
    group by
        lines.source_system,
        lines.invoice_line_id,
        lines.contract_id,
        lines.earned_from,
        lines.earned_to,
        lines.implied_arr
),

final as (
    select *
    from pairs
    where first_day < end_day
)

select * from final
