{# Whole seconds from one moment to a later one. #}
{% macro seconds_between(first, last) -%}
    {{ adapter.dispatch('seconds_between', 'customer_success')(first, last) }}
{%- endmacro %}

{% macro default__seconds_between(first, last) -%}
    {{ dbt.datediff(first, last, 'second') }}
{%- endmacro %}

{% macro duckdb__seconds_between(first, last) -%}
    date_sub('second', {{ first }}, {{ last }})
{%- endmacro %}


{# Days from one date to a later one. #}
{% macro days_between(first, last) -%}
    {{ adapter.dispatch('days_between', 'customer_success')(first, last) }}
{%- endmacro %}

{% macro default__days_between(first, last) -%}
    {{ dbt.datediff(first, last, 'day') }}
{%- endmacro %}

{% macro duckdb__days_between(first, last) -%}
    date_diff('day', {{ first }}, {{ last }})
{%- endmacro %}


{# Whole seconds as minutes with two decimals; no number of seconds lies half way between two. #}
{% macro seconds_to_minutes(seconds) -%}
    cast({{ seconds }} / 60.0 as decimal(18, 2))
{%- endmacro %}
