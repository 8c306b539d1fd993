{#
    The columns of a Stripe subscription object: who, in which state and period, what it has. From
    API version 2025-03-31 on, the period is said by the items.
#}
{% macro stripe_subscription(object) -%}
    {{ json_text(object, '$.customer') }} as customer_id,
    {{ json_text(object, '$.status') }} as status,
    {{ json_text(object, '$.pause_collection') }} is not null as is_paused,
    upper({{ json_text(object, '$.currency') }}) as currency,
    {{ json_text(object, '$.items') }} as items,
    {{ json_text(object, '$.discount') }} as discount,
    {{ json_text(object, '$.discounts') }} as discounts,
    {%- for column, edge in [('term_start', 'start'), ('term_end', 'end')] %}
    cast(
        coalesce(
            {{ json_unix_time(object, '$.current_period_' ~ edge) }},
            {{ json_unix_time(object, '$.items.data[0].current_period_' ~ edge) }}
        ) as date
    ) as {{ column }},
    {%- endfor %}
    cast({{ json_unix_time(object, '$.start_date') }} as date) as started_on
{%- endmacro %}


{#
    What the coupon of a Stripe discount says. Up to API version 2025-09-30 a discount has its
    coupon, afterwards the source that has it.
#}
{% macro stripe_coupon(discount, path) -%}
    coalesce(
        {{ json_text(discount, '$.coupon.' ~ path) }},
        {{ json_text(discount, '$.source.coupon.' ~ path) }}
    )
{%- endmacro %}


{#
    The discounts of a Stripe object, one row each: its list, else the single one it had before API
    version 2025-03-31. An element is a JSON object, or the bare id where the list was not expanded.
#}
{% macro stripe_discounts(discounts, discount=none) -%}
    {%- set as_list -%}
        case
            when {{ discounts }} not in ('null', '[]') then '{"list":' || {{ discounts }} || '}'
            {% if discount -%}
            when {{ discount }} <> 'null' then '{"list":[' || {{ discount }} || ']}'
            {% endif -%}
        end
    {%- endset -%}
    {{ json_elements(as_list, '$.list') }}
{%- endmacro %}


{# The element of a list as JSON; null where it is a bare id, which is no JSON. #}
{% macro json_object(element) -%}
    case when left({{ element }}, 1) = '{' then {{ element }} end
{%- endmacro %}


{# One row per element of a JSON array in a text column: its place in it, from 0 on. #}
{% macro json_places(column) -%}
    {{ adapter.dispatch('json_places', 'customer_success')(column) }}
{%- endmacro %}

{% macro default__json_places(column) -%}
    explode(sequence(0, json_array_length({{ column }}) - 1))
{%- endmacro %}

{% macro duckdb__json_places(column) -%}
    unnest(range(cast(json_array_length({{ column }}) as bigint)))
{%- endmacro %}


{# One row per key of a JSON object in a text column. #}
{% macro json_names(column) -%}
    {{ adapter.dispatch('json_names', 'customer_success')(column) }}
{%- endmacro %}

{% macro default__json_names(column) -%}
    explode(json_object_keys({{ column }}))
{%- endmacro %}

{% macro duckdb__json_names(column) -%}
    unnest(json_keys({{ column }}))
{%- endmacro %}


{# The text at a path that a row says; json_text is for a path that is always the same. #}
{% macro json_text_at(column, path) -%}
    {{ adapter.dispatch('json_text_at', 'customer_success')(column, path) }}
{%- endmacro %}

{% macro default__json_text_at(column, path) -%}
    get_json_object({{ column }}, {{ path }})
{%- endmacro %}

{% macro duckdb__json_text_at(column, path) -%}
    json_extract_string({{ column }}, {{ path }})
{%- endmacro %}
