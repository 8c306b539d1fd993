{#
    Stripe amounts are integers in the currency's minor unit. Most currencies have two decimals;
    these lists are the exceptions (Stripe: zero-decimal and three-decimal currencies).
    Returns the amount in major units as decimal(18, 4).
#}
{% macro from_minor_units(amount, currency) -%}
    cast(
        cast({{ amount }} as decimal(38, 6)) * case
            when upper({{ currency }}) in (
                'BIF', 'CLP', 'DJF', 'GNF', 'JPY', 'KMF', 'KRW', 'MGA', 'PYG', 'RWF', 'UGX',
                'VND', 'VUV', 'XAF', 'XOF', 'XPF'
            ) then cast(1 as decimal(4, 3))
            when upper({{ currency }}) in ('BHD', 'JOD', 'KWD', 'OMR', 'TND')
                then cast(0.001 as decimal(4, 3))
            else cast(0.01 as decimal(4, 3))
        end
        as decimal(18, 4)
    )
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
