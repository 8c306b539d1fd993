-- Grain: one row per Stripe line version and discount on it.
-- A percentage counts on every item of the subscription; a fixed amount, which Stripe gives per
-- billing interval of the subscription, counts once, on the item with the highest gross amount.
-- What is given on an item counts on that item. told_by is the source of what a discount takes
-- off: an object, lines of invoices, or nothing, and then it takes off nothing.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with versions as (
    select
        subscription_item_id,
        subscription_id,
        valid_from,
        currency,
        discount,
        discounts,
        item_discounts,
        usage_type,
        unit_amount,
        quantity,
        billing_interval,
        interval_count
    from {{ ref('int_stripe_line_versions') }}
    where
        discount <> 'null'
        or discounts not in ('null', '[]')
        or item_discounts not in ('null', '[]')
),

told as (
    select
        discount_id,
        discount
    from {{ ref('int_stripe_told_discounts') }}
),

read_from_lines as (
    select
        subscription_id,
        discount_id,
        discount
    from {{ ref('int_stripe_read_discounts') }}
),

ranked as (
    select
        *,
        row_number() over (
            partition by subscription_id, valid_from
            order by
                case when usage_type = 'licensed' then 0 else 1 end,
                {{ gross_annual_amount(
                    'unit_amount', 'quantity', 'billing_interval', 'interval_count'
                ) }} desc,
                subscription_item_id
        ) as size_rank
    from versions
),

listed as (
    select
        subscription_item_id,
        subscription_id,
        valid_from,
        currency,
        size_rank,
        false as is_on_item,
        {{ stripe_discounts('discounts', 'discount') }} as element
    from ranked
    union all
    select
        subscription_item_id,
        subscription_id,
        valid_from,
        currency,
        size_rank,
        true as is_on_item,
        {{ stripe_discounts('item_discounts') }} as element
    from ranked
),

objects as (
    select
        *,
        {{ json_object('element') }} as given
    from listed
),

named as (
    select
        *,
        case
            when given is null then element
            else coalesce(
                {{ json_text('given', '$.id') }}, {{ json_text('given', '$.coupon.id') }}
            )
        end as discount_id,
        {{ stripe_coupon('given', 'duration') }} is not null as is_in_full
    from objects
),

resolved as (
    select
        named.subscription_item_id,
        named.subscription_id,
        named.valid_from,
        named.currency,
        named.size_rank,
        named.is_on_item,
        named.discount_id,
        case
            when named.is_in_full or told.discount_id is not null then 'object'
            when read_from_lines.discount_id is not null then 'invoice_lines'
            else 'nothing'
        end as told_by,
        case
            when named.is_in_full then named.given
            else coalesce(told.discount, read_from_lines.discount, named.given)
        end as discount
    from named
    left outer join told
        on named.discount_id = told.discount_id
    left outer join read_from_lines
        on
            named.subscription_id = read_from_lines.subscription_id
            and named.discount_id = read_from_lines.discount_id
),

parsed as (
    select
        subscription_item_id,
        subscription_id,
        valid_from,
        currency,
        discount_id,
        told_by,
        size_rank,
        case
            when is_on_item then subscription_item_id
            else {{ json_text('discount', '$.subscription_item') }}
        end as only_item_id,
        {{ stripe_coupon('discount', 'duration') }} as duration,
        cast({{ stripe_coupon('discount', 'percent_off') }} as decimal(9, 4)) as percent_off,
        {{ stripe_coupon('discount', 'amount_off') }} as amount_off_text,
        upper({{ stripe_coupon('discount', 'currency') }}) as coupon_currency,
        cast({{ json_unix_time('discount', '$.start') }} as date) as discount_from,
        cast({{ json_unix_time('discount', '$.end') }} as date) as discount_to
    from resolved
),

bearing as (
    select
        *,
        coalesce(only_item_id = subscription_item_id, size_rank = 1) as takes_amounts
    from parsed
    where coalesce(only_item_id = subscription_item_id, true)
),

final as (
    select
        subscription_item_id,
        subscription_id,
        valid_from,
        discount_id,
        told_by,
        duration,
        percent_off,
        case
            when takes_amounts
                then {{ from_minor_units(
                    'cast(amount_off_text as decimal(18, 6))',
                    'coalesce(coupon_currency, currency)'
                ) }}
        end as amount_off,
        discount_from,
        discount_to
    from bearing
    where percent_off is not null or takes_amounts
)

select * from final
