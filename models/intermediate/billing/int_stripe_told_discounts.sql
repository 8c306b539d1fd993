-- Grain: one row per Stripe discount that some object tells in full.
-- Lists of discounts are ids where the export did not expand them, and events never do: another
-- version of the subscription, the customer or an invoice may have the discount all the same, or
-- another discount the coupon. What a discount takes off never changes, so any of them will do.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with events as (
    select
        subscription,
        previous_attributes
    from {{ ref('stg_stripe__subscription_events') }}
),

versions as (
    select
        discount,
        discounts,
        items
    from {{ ref('stg_stripe__subscription_versions') }}
    where concat(discount, discounts, items) like '%"coupon"%'
),

customers as (
    select discount
    from {{ ref('stg_stripe__customers') }}
),

invoices as (
    select discounts
    from {{ ref('stg_stripe__invoices') }}
),

lines as (
    select discounts
    from {{ ref('stg_stripe__invoice_line_items') }}
),

line_discounts as (
    select discount
    from {{ ref('stg_stripe__invoice_line_discounts') }}
),

objects as (
    {%- for column in ('subscription', 'previous_attributes') %}
    select {{ column }} as object
    from events
    where {{ column }} like '%"coupon"%'
    {{- '\n    union all' if not loop.last }}
    {%- endfor %}
),

subscriptions as (
    select
        {{ json_text('object', '$.discount') }} as discount,
        {{ json_text('object', '$.discounts') }} as discounts,
        {{ json_text('object', '$.items') }} as items
    from objects
    union
    select * from versions
),

items as (
    select {{ json_elements('items', '$.data') }} as item
    from subscriptions
    where items like '%"coupon"%'
),

lists as (
    select
        cast(null as varchar) as subscription_item_id,
        discounts,
        cast(null as varchar) as discount
    from subscriptions
    where discounts like '%"coupon"%'
    union
    select
        {{ json_text('item', '$.id') }} as subscription_item_id,
        {{ json_text('item', '$.discounts') }} as discounts,
        null as discount
    from items
    union
    select
        null as subscription_item_id,
        discounts,
        null as discount
    from invoices
    union
    select
        null as subscription_item_id,
        discounts,
        null as discount
    from lines
    {%- for relation in ('subscriptions', 'customers', 'line_discounts') %}
    union
    select
        null as subscription_item_id,
        null as discounts,
        discount
    from {{ relation }}
    where discount like '%"coupon"%'
    {%- endfor %}
),

elements as (
    select
        subscription_item_id,
        {{ stripe_discounts('discounts', 'discount') }} as discount
    from lists
),

in_full as (
    select
        subscription_item_id,
        {{ json_object('discount') }} as discount
    from elements
),

parsed as (
    select
        subscription_item_id,
        discount,
        {{ json_text('discount', '$.id') }} as discount_id,
        {{ stripe_coupon('discount', 'duration') }} is not null as has_coupon,
        coalesce(
            {{ json_text('discount', '$.source.coupon') }}, {{ json_text('discount', '$.coupon') }}
        ) as coupon
    from in_full
    where discount is not null
),

coupons as (
    select
        {{ json_text('coupon', '$.id') }} as coupon_id,
        max(coupon) as coupon
    from parsed
    where has_coupon
    group by {{ json_text('coupon', '$.id') }}
),

final as (
    select
        parsed.discount_id,
        cast(
            {{ json_merged(
                'parsed.discount',
                "'{\"coupon\":'"
                ~ " || case when parsed.has_coupon then parsed.coupon else coupons.coupon end"
                ~ " || coalesce("
                ~ "',\"subscription_item\":\"' || parsed.subscription_item_id || '\"', '')"
                ~ " || '}'"
            ) }} as varchar
        ) as discount
    from parsed
    left outer join coupons
        on parsed.coupon = coupons.coupon_id
    where
        parsed.discount_id is not null
        and (parsed.has_coupon or coupons.coupon_id is not null)
    qualify
        row_number() over (
            partition by parsed.discount_id
            order by
                case when parsed.has_coupon then 0 else 1 end,
                case when parsed.subscription_item_id is not null then 0 else 1 end,
                parsed.discount desc
        ) = 1
)

select * from final
