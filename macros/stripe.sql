{#
    The columns of a Stripe subscription object: who, in which state and period, what it has. From
    API version 2025-03-31 on, the period is said by the items.
#}
{% macro stripe_subscription(object) -%}
    {{ stripe_id(json_text(object, '$.customer')) }} as customer_id,
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


{# The id of another object: as it is, or of the object where that was expanded. #}
{% macro stripe_id(value) -%}
    case when left({{ value }}, 1) = '{' then {{ json_text(value, '$.id') }} else {{ value }} end
{%- endmacro %}


{# An amount without the tax in it, of a share below 1; without any it is exactly as it was. #}
{% macro without_tax(amount, net_share, type) -%}
    case
        when {{ net_share }} < 1
            then cast(cast({{ amount }} as double) * {{ net_share }} as {{ type }})
        else cast({{ amount }} as {{ type }})
    end
{%- endmacro %}


{# True unless the object says that it is of test mode. #}
{% macro is_live(livemode) -%}
    coalesce(lower(cast({{ livemode }} as {{ dbt.type_string() }})), 'true') <> 'false'
{%- endmacro %}


{# True for the statuses of a subscription that Stripe has. #}
{% macro is_stripe_status(status) -%}
    {{ status }} in (
        'incomplete', 'incomplete_expired', 'trialing', 'active', 'past_due', 'canceled', 'unpaid',
        'paused'
    )
{%- endmacro %}


{# True once a subscription is over: neither status is ever left again. #}
{% macro is_over(status) -%}
    {{ status }} in ('canceled', 'incomplete_expired')
{%- endmacro %}


{#
    What a subscription object says about when and why it ends: canceled_at, why, when it is to end
    (`cancel_at`, in old objects the end of the period), and until when a pause of collection lasts.
#}
{% macro stripe_ending(object) -%}
    {{ json_text(object, '$.cancellation_details.reason') }} as cancellation_reason,
    {{ json_text(object, '$.cancellation_details.feedback') }} as cancellation_feedback,
    {{ json_text(object, '$.cancellation_details.comment') }} as cancellation_comment,
    {{ json_unix_time(object, '$.canceled_at') }} as canceled_at,
    {{ json_unix_time(object, '$.ended_at') }} as ended_at,
    coalesce(
        {{ json_unix_time(object, '$.cancel_at') }},
        case
            when {{ json_text(object, '$.cancel_at_period_end') }} = 'true'
                then {{ json_unix_time(object, '$.current_period_end') }}
        end
    ) as cancel_at,
    {{ json_unix_time(object, '$.trial_end') }} as trial_end_at,
    {{ json_unix_time(object, '$.pause_collection.resumes_at') }} as resumes_at
{%- endmacro %}


{# The usual way of a status; what is over comes last. #}
{% macro stripe_status_rank(status) -%}
    case {{ status }}
        when 'incomplete' then 1
        when 'trialing' then 2
        when 'active' then 3
        when 'past_due' then 4
        when 'unpaid' then 5
        else 6
    end
{%- endmacro %}


{#
    What a subscription has, as one text to compare objects by: the id, price and quantity of each
    item. Null for a list that was cut at a page: it does not tell all of them.
#}
{% macro stripe_items_text(items) -%}
    {{ adapter.dispatch('stripe_items_text', 'customer_success')(items) }}
{%- endmacro %}

{% macro default__stripe_items_text(items) -%}
    case
        when coalesce({{ json_text(items, '$.has_more') }}, 'false') <> 'true'
            then array_join(
                array_sort(
                    transform(
                        from_json({{ json_text(items, '$.data') }}, 'array<string>'),
                        item -> {{ stripe_item_text('item') }}
                    )
                ),
                ', '
            )
    end
{%- endmacro %}

{% macro duckdb__stripe_items_text(items) -%}
    case
        when coalesce({{ json_text(items, '$.has_more') }}, 'false') <> 'true'
            then array_to_string(
                list_sort(
                    list_transform(
                        cast(json_extract({{ items }}, '$.data') as varchar []),
                        lambda item: {{ stripe_item_text('item') }}
                    )
                ),
                ', '
            )
    end
{%- endmacro %}

{% macro stripe_item_text(item) -%}
    concat_ws(
        ' ',
        {{ json_text(item, '$.id') }},
        'price',
        coalesce(
            {{ json_text(item, '$.price.id') }}, {{ json_text(item, '$.price') }},
            {{ json_text(item, '$.plan.id') }}, {{ json_text(item, '$.plan') }}
        ),
        'quantity',
        {{ json_text(item, '$.quantity') }}
    )
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


{# One row for each of some texts; in a select list. #}
{% macro each_text(texts) -%}
    {{ adapter.dispatch('each_text', 'customer_success')(texts) }}
{%- endmacro %}

{% macro default__each_text(texts) -%}
    explode(array('{{ texts | join("', '") }}'))
{%- endmacro %}

{% macro duckdb__each_text(texts) -%}
    unnest(['{{ texts | join("', '") }}'])
{%- endmacro %}


{# What events of a subscription change that bears on ARR, on its end or its owner. #}
{% macro stripe_event_attributes() -%}
    {{- return([
        'status', 'customer', 'items.data', 'quantity', 'plan.id', 'cancel_at',
        'cancel_at_period_end', 'canceled_at', 'ended_at', 'trial_end', 'current_period_start',
        'current_period_end', 'pause_collection.behavior', 'pause_collection.resumes_at',
        'discount.id', 'discounts', 'cancellation_details.reason',
    ]) -}}
{%- endmacro %}


{# All of these of a subscription object as one text, to compare objects by; null of none. #}
{% macro stripe_event_state(object) -%}
    {{ adapter.dispatch('stripe_event_state', 'customer_success')(object) }}
{%- endmacro %}

{% macro default__stripe_event_state(object) -%}
    case
        when {{ object }} is not null
            then
                md5(to_json(array(
                    {%- for attribute in stripe_event_attributes() %}
                    get_json_object({{ object }}, '$.{{ attribute }}'){{ ',' if not loop.last }}
                    {%- endfor %}
                )))
    end
{%- endmacro %}

{% macro duckdb__stripe_event_state(object) -%}
    md5(cast(json_extract_string(
        {{ object }}, ['$.{{ stripe_event_attributes() | join("', '$.") }}']
    ) as varchar))
{%- endmacro %}


{#
    The discounts that a subscription object and its items have, as a JSON list of ids to compare
    objects by. Null where one has no id, as in API versions before 2020-08-27.
#}
{% macro stripe_discount_ids(discount, discounts, items) -%}
    {{ adapter.dispatch('stripe_discount_ids', 'customer_success')(discount, discounts, items) }}
{%- endmacro %}

{% macro default__stripe_discount_ids(discount, discounts, items) -%}
    case
        when coalesce(left({{ discount }}, 1) <> '{' or {{ discount }} like '%"di_%', true)
            then to_json(array_sort(array_distinct(transform(
                array_compact(concat(
                    array(nullif({{ discount }}, 'null')),
                    coalesce(from_json({{ discounts }}, 'array<string>'), array()),
                    flatten(transform(
                        from_json({{ json_text(items, '$.data') }}, 'array<string>'),
                        item -> coalesce(
                            from_json({{ json_text('item', '$.discounts') }}, 'array<string>'),
                            array()
                        )
                    ))
                )),
                listed -> {{ stripe_id('listed') }}
            ))))
    end
{%- endmacro %}

{% macro duckdb__stripe_discount_ids(discount, discounts, items) -%}
    case
        when coalesce(left({{ discount }}, 1) <> '{' or {{ discount }} like '%"di_%', true)
            then cast(to_json(list_sort(list_distinct(list_transform(
                list_concat(
                    [nullif({{ discount }}, 'null')],
                    cast(json_extract({{ discounts }}, '$') as varchar []),
                    flatten(list_transform(
                        cast(json_extract({{ items }}, '$.data') as varchar []),
                        lambda item: cast(json_extract(item, '$.discounts') as varchar [])
                    ))
                ),
                lambda listed: {{ stripe_id('listed') }}
            )))) as varchar)
    end
{%- endmacro %}
