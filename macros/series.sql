{# One row per month, as a date, from the month `first` to the month of `last`; in a select list. #}
{% macro month_series(first, last) -%}
    {{ adapter.dispatch('month_series', 'customer_success')(first, last) }}
{%- endmacro %}

{% macro default__month_series(first, last) -%}
    explode(sequence(cast({{ first }} as date), {{ last }}, interval 1 month))
{%- endmacro %}

{% macro duckdb__month_series(first, last) -%}
    cast(
        unnest(generate_series(cast({{ first }} as date), {{ last }}, interval 1 month)) as date
    )
{%- endmacro %}


{# One row per day from `first` to `last`; in a select list. #}
{% macro day_series(first, last) -%}
    {{ adapter.dispatch('day_series', 'customer_success')(first, last) }}
{%- endmacro %}

{% macro default__day_series(first, last) -%}
    explode(sequence(cast({{ first }} as date), cast({{ last }} as date), interval 1 day))
{%- endmacro %}

{% macro duckdb__day_series(first, last) -%}
    cast(
        unnest(
            generate_series(
                cast({{ first }} as date), cast({{ last }} as date), interval 1 day
            )
        ) as date
    )
{%- endmacro %}


{# Whole months from the month of `first` to the month of `last`. #}
{% macro months_between(first, last) -%}
    (
        (extract(year from {{ last }}) - extract(year from {{ first }})) * 12
        + extract(month from {{ last }}) - extract(month from {{ first }})
    )
{%- endmacro %}
