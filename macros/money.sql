{#
    An amount of Stripe, an integer in the minor unit of its currency, in major units as
    decimal(18, 4). Null when nobody knows the decimals of the currency (see minor_unit).
#}
{% macro from_minor_units(amount, currency) -%}
    cast(cast({{ amount }} as decimal(38, 6)) * {{ minor_unit(currency) }} as decimal(18, 4))
{%- endmacro %}


{#
    One row per element of a JSON array: the text of each element. For use in a select list
    (DuckDB) over a JSON text column; a null or absent array gives no row.
#}
{% macro json_elements(column, path) -%}
    {{ adapter.dispatch('json_elements', 'customer_success')(column, path) }}
{%- endmacro %}

{% macro default__json_elements(column, path) -%}
    explode(from_json(get_json_object({{ column }}, '{{ path }}'), 'array<string>'))
{%- endmacro %}

{% macro duckdb__json_elements(column, path) -%}
    unnest(cast(json_extract({{ column }}, '{{ path }}') as varchar []))
{%- endmacro %}


{#
    A product of decimals that carries `scale` decimals, rounded half away from zero to `type`.
    DuckDB divides numbers of more than 18 digits bit by bit, some forty times slower: what fits
    into 18 digits is rounded there, and only larger amounts take the long way. Both are exact.
#}
{% macro rounded(amount, scale, type) -%}
    {{ adapter.dispatch('rounded', 'customer_success')(amount, scale, type) }}
{%- endmacro %}

{% macro default__rounded(amount, scale, type) -%}
    cast({{ amount }} as {{ type }})
{%- endmacro %}

{% macro duckdb__rounded(amount, scale, type) -%}
    coalesce(
        cast(try_cast({{ amount }} as decimal(18, {{ scale }})) as {{ type }}),
        cast({{ amount }} as {{ type }})
    )
{%- endmacro %}
