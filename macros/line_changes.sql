{#
    The first month whose snapshot is at or after a day: the month in which something that
    happens on that day first shows (see int_calendar_months).
#}
{% macro snapshot_month(day) -%}
    {%- if var('arr_snapshot_point') == 'month_start' -%}
    cast(
        {{ dbt.dateadd('month', 1, dbt.date_trunc('month', dbt.dateadd('day', -1, day))) }}
        as date
    )
    {%- else -%}
    cast({{ dbt.date_trunc('month', day) }} as date)
    {%- endif -%}
{%- endmacro %}


{#
    ARR of a line from its parts, in the reporting currency: what int_arr_line_intervals does,
    for terms that were never in force together. `amount_off` is per billing interval;
    `is_negative`: a line that takes away.
#}
{% macro line_arr(
    quantity, unit_amount, billing_interval, interval_count, price_share, amount_off, plan_rate,
    is_negative
) -%}
    cast(
        {{ annualise(
            net_interval_amount(
                "cast(" ~ gross_interval_amount(unit_amount, quantity)
                ~ " * cast(" ~ price_share ~ " as decimal(18, 8)) as decimal(28, 4))",
                amount_off,
                is_negative
            ),
            billing_interval,
            interval_count
        ) }} * {{ plan_rate }}
        as decimal(18, 2)
    )
{%- endmacro %}


{# The column of the ledger that holds ARR at the plan rate, whichever rate `arr` is at. #}
{% macro arr_at_plan_rate() -%}
    {{ 'arr_constant' if var('fx_mode') == 'as_booked' else 'arr' }}
{%- endmacro %}
