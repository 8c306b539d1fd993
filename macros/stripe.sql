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


{#
    What names a Stripe price as one place has it in full: two places that say the same share it.
    Null where the price is only an id.
#}
{% macro price_key(price) -%}
    'object:' || md5({{ json_object(price) }})
{%- endmacro %}
