-- Grain: one row per recurring invoice line that bills for days which an earlier line of the same
-- contract has billed for at the same price, or that gives back what an earlier one has given back.
-- A contract of two lines at one price has such bills too: they are a double bill only where they
-- are what bill and ARR differ by. A credit is the same as another one where it is of the same
-- subscription, product and plan, for the same days.
{% set tomorrow = 'cast(' ~ dbt.dateadd('day', 1, as_of_date()) ~ ' as date)' %}
{% set keys = ['subscription_id', 'product_id', 'plan_id'] %}

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
        and implied_arr <> 0
),

service_lines as (
    select
        source_system,
        invoice_line_id,
        {{ each_column(keys, '@') }}
    from {{ ref('int_finance_service_lines') }}
),

keyed as (
    select
        lines.*,
        {{ each_column(keys, 'service_lines.@') }}
    from lines
    inner join service_lines
        on
            lines.source_system = service_lines.source_system
            and lines.invoice_line_id = service_lines.invoice_line_id
),

pairs as (
    select
        lines.source_system,
        lines.invoice_line_id,
        lines.contract_id,
        lines.earned_from as first_day,
        least(max(earlier.earned_to), lines.earned_to, {{ tomorrow }}) as end_day,
        lines.implied_arr
    from keyed as lines
    inner join keyed as earlier
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
            and (
                lines.implied_arr > 0
                or (
                    lines.earned_from = earlier.earned_from
                    and lines.earned_to = earlier.earned_to
                    {%- for key in keys %}
                    and lines.{{ key }} is not distinct from earlier.{{ key }}
                    {%- endfor %}
                )
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
    select
        source_system,
        invoice_line_id,
        contract_id,
        first_day,
        end_day,
        greatest(implied_arr, 0) as repeated_arr,
        greatest(-implied_arr, 0) as repeated_credit_arr
    from pairs
    where first_day < end_day
)

select * from final
