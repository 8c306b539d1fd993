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


{# Months of a billing interval. Null for weeks, days and what is unknown. #}
{% macro interval_months(billing_interval, interval_count) -%}
    case lower({{ billing_interval }})
        when 'year' then 12 * {{ interval_count }}
        when 'quarter' then 3 * {{ interval_count }}
        when 'month' then {{ interval_count }}
    end
{%- endmacro %}


{# Days of the billing interval that ends on a day. Null when the interval is unknown. #}
{% macro interval_days_before(end_day, billing_interval, interval_count) -%}
    {%- set months_back = '-cast(' ~ interval_months(billing_interval, interval_count) ~ ' as int)' -%}
    case lower({{ billing_interval }})
        when 'week' then {{ interval_count }} * 7
        when 'day' then {{ interval_count }}
        else {{ days_between(dbt.dateadd('month', months_back, end_day), end_day) }}
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
    What is left of the price of one billing interval after its discounts: `net_amount` is what
    percentages leave of it. An amount off takes away no more than there is, and nothing from a
    line that itself takes away. (greatest() leaves a null out.)
#}
{% macro net_interval_amount(net_amount, amount_off, is_negative) -%}
    greatest(
        {{ net_amount }} - case when {{ is_negative }} then 0 else {{ amount_off }} end,
        case when {{ is_negative }} then null else 0 end
    )
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
