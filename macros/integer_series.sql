{# One row per integer from `first` to `last`; in a select list. #}
{% macro integer_series(first, last) -%}
    {{ adapter.dispatch('integer_series', 'customer_success')(first, last) }}
{%- endmacro %}

{% macro default__integer_series(first, last) -%}
    explode(sequence({{ first }}, {{ last }}))
{%- endmacro %}

{% macro duckdb__integer_series(first, last) -%}
    cast(unnest(generate_series({{ first }}, {{ last }})) as integer)
{%- endmacro %}
