{# One row for each of two columns; in a select list. #}
{% macro either_of(first, second) -%}
    {{ adapter.dispatch('either_of', 'customer_success')(first, second) }}
{%- endmacro %}

{% macro default__either_of(first, second) -%}
    explode(array({{ first }}, {{ second }}))
{%- endmacro %}

{% macro duckdb__either_of(first, second) -%}
    unnest([{{ first }}, {{ second }}])
{%- endmacro %}
