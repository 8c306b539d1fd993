{# How many of a billing interval make a year (METRICS: ARR of a line). Null when unknown. #}
{% macro intervals_per_year(billing_interval) -%}
    case lower({{ billing_interval }})
        when 'year' then 1
        when 'quarter' then 4
        when 'month' then 12
        when 'week' then 52
        when 'day' then 365
    end
{%- endmacro %}


{# Price x quantity of one billing interval, as decimal(28, 4). #}
{% macro gross_interval_amount(unit_amount, quantity) -%}
    {{ rounded(
        "cast(" ~ unit_amount ~ " as decimal(28, 4)) * cast(" ~ quantity ~ " as decimal(18, 4))",
        8,
        'decimal(28, 4)'
    ) }}
{%- endmacro %}


{#
    What is left of the price of one billing interval after its discounts: no discount takes away
    more than there is, also of a line that itself takes away. `net_amount` is what percentages
    leave of `gross_amount`.
#}
{% macro net_interval_amount(net_amount, amount_off, gross_amount) -%}
    greatest({{ net_amount }} - {{ amount_off }}, least({{ gross_amount }}, 0))
{%- endmacro %}


{# An amount per billing interval as an amount per year, rounded to four decimals. #}
{% macro annualise(amount, billing_interval, interval_count) -%}
    {{ part_of(
        amount,
        intervals_per_year(billing_interval),
        interval_count,
        4
    ) }}
{%- endmacro %}


{% macro gross_annual_amount(unit_amount, quantity, billing_interval, interval_count) -%}
    {{ annualise(
        gross_interval_amount(unit_amount, quantity), billing_interval, interval_count
    ) }}
{%- endmacro %}
