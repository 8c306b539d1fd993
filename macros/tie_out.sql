{# How many of a service period make a year, read from its length: 12 for a month, 1 for a year. #}
{% macro periods_per_year(first, last) -%}
    case
        when {{ whole_months('greatest(' ~ months_between(first, last) ~ ', 1)', first, last) }}
            then cast(12 as double) / greatest({{ months_between(first, last) }}, 1)
        when mod({{ days_between(first, last) }}, 7) = 0
            then cast(52 as double) * 7 / {{ days_between(first, last) }}
        else cast(365 as double) / {{ days_between(first, last) }}
    end
{%- endmacro %}


{#
    True when `last` is that many months after `first`. Billing that is anchored on the 31st has
    periods from 28 February to 31 March: at the end of a month up to three days count as the same
    day, elsewhere one, which is an end that is the last day of service. A first month from the 4th to
    the 1st is a part of one.
#}
{% macro whole_months(months, first, last) -%}
    abs({{ days_between(
        'cast(' ~ dbt.dateadd('month', months, first) ~ ' as date)', last
    ) }}) <= case
        when extract(day from {{ first }}) >= 28 and extract(day from {{ last }}) >= 28 then 3
        else 1
    end
{%- endmacro %}


{# Years of a stretch of days: whole months are twelfths, whatever their days. #}
{% macro years_between(first, last) -%}
    {%- set months = months_between(first, last) -%}
    case
        when cast({{ dbt.dateadd('month', months, first) }} as date) = {{ last }}
            then cast({{ months }} as double) / 12
        else cast({{ days_between(first, last) }} as double) / 365
    end
{%- endmacro %}


{# What the tie-out sums by day: amounts per year at the plan rate. #}
{% macro tie_out_levels() -%}
    {{- return(tie_out_contract_levels() + tie_out_line_levels() + [
        'void_arr', 'written_off_arr', 'refunded_arr', 'usage_arr', 'one_time_arr',
    ] + tie_out_levels_apart() | list) -}}
{%- endmacro %}


{# Those that a model of their own gives. #}
{% macro tie_out_levels_apart() -%}
    {{- return({
        'given_up_arr': 'int_tie_out_given_up',
        'repeated_arr': 'int_tie_out_repeats',
        'repeated_credit_arr': 'int_tie_out_repeats',
        'returned_arr': 'int_tie_out_returned',
        'returned_again_arr': 'int_tie_out_returned',
        'void_in_pause_arr': 'int_tie_out_bills_in_pause',
        'paused_before_arr': 'int_tie_out_bills_in_pause',
    }) -}}
{%- endmacro %}


{# Those of a contract line. #}
{% macro tie_out_contract_levels() -%}
    {{- return(['arr', 'gross_arr', 'paused_arr', 'paused_gross_arr', 'contract_units']) -}}
{%- endmacro %}


{# Those that int_tie_out_lines gives for a recurring invoice line. #}
{% macro tie_out_line_levels() -%}
    {{- return([
        'billed_arr', 'implied_arr', 'gross_implied_arr', 'once_discount_arr',
        'once_proration_arr', 'one_day_arr', 'odd_period_arr', 'slack_arr', 'fx_arr',
        'same_number_arr', 'negative_arr', 'billed_units',
    ]) -}}
{%- endmacro %}


{# The causes that int_tie_out_causes computes. #}
{% macro tie_out_causes() -%}
    {{- return([
        'term', 'credit', 'one_time', 'usage', 'fx', 'free_period', 'kept_after_end',
        'discount_period',
    ]) -}}
{%- endmacro %}


{# What the tie-out counts by day. #}
{% macro tie_out_counts() -%}
    {{- return([
        'contract_lines', 'paused_lines', 'unpaid_lines', 'invoice_lines', 'net_lines',
        'other_currency_lines', 'whole_periods',
    ]) -}}
{%- endmacro %}


{#
    What an amount earns between two of its days, in cents. Both ends are rounded from the first
    day on, so that the stretches of an amount add up to it.
#}
{% macro share_of_days(amount, days_before, days_after, all_days) -%}
    cast(
        {{ part_of(amount, days_after, all_days, 2) }}
        - {{ part_of(amount, days_before, all_days, 2) }}
        as decimal(18, 2)
    )
{%- endmacro %}
