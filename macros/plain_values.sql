{# A decimal number as one writes it: without zeros at its end. #}
{% macro plain_number(number) -%}
    regexp_replace(cast({{ number }} as varchar), '[.]0+$|([.][0-9]*[1-9])0+$', '\1')
{%- endmacro %}


{# A text as a whole number; null where it is none. #}
{% macro whole_number(text) -%}
    {{ adapter.dispatch('whole_number', 'customer_success')(text) }}
{%- endmacro %}

{% macro default__whole_number(text) -%}
    {{ dbt.safe_cast(text, api.Column.translate_type('bigint')) }}
{%- endmacro %}

{% macro duckdb__whole_number(text) -%}
    try_cast({{ text }} as bigint)
{%- endmacro %}
