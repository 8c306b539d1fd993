-- Grain: one row per Stripe line version and discount on it.
-- A percentage counts on every item of the subscription; a fixed amount, which Stripe gives per
-- billing interval of the subscription, counts once, on the item with the highest gross amount.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with versions as (
    select
        subscription_item_id,
        subscription_id,
        valid_from,
        currency,
        discount,
        discounts,
        usage_type,
        unit_amount,
        quantity,
        billing_interval,
        interval_count
    from {{ ref('int_stripe_line_versions') }}
    where
        coalesce(discount, 'null') <> 'null'
        or coalesce(discounts, '[]') not in ('null', '[]')
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

-- Before API version 2025-03-31 a subscription has one discount, afterwards a list of them.
listed as (
    select
        subscription_item_id,
        valid_from,
        currency,
        size_rank,
        {{ json_elements(
            "case"
            ~ " when coalesce(discounts, '[]') not in ('null', '[]')"
            ~ " then '{\"list\":' || discounts || '}'"
            ~ " else '{\"list\":[' || discount || ']}'"
            ~ " end",
            '$.list'
        ) }} as discount
    from ranked
),

parsed as (
    select
        subscription_item_id,
        valid_from,
        currency,
        size_rank,
        coalesce(
            {{ json_text('discount', '$.id') }}, {{ json_text('discount', '$.coupon.id') }}
        ) as discount_id,
        {{ json_text('discount', '$.coupon.duration') }} as duration,
        cast({{ json_text('discount', '$.coupon.percent_off') }} as decimal(9, 4))
            as percent_off,
        {{ json_text('discount', '$.coupon.amount_off') }} as amount_off_text,
        upper({{ json_text('discount', '$.coupon.currency') }}) as coupon_currency,
        cast({{ json_unix_time('discount', '$.start') }} as date) as discount_from,
        cast({{ json_unix_time('discount', '$.end') }} as date) as discount_to
    from listed
),

final as (
    select
        subscription_item_id,
        valid_from,
        discount_id,
        duration,
        percent_off,
        case
            when size_rank = 1
                then {{ from_minor_units(
                    'cast(amount_off_text as decimal(18, 6))',
                    'coalesce(coupon_currency, currency)'
                ) }}
        end as amount_off,
        discount_from,
        discount_to
    from parsed
    where percent_off is not null or size_rank = 1
)

select * from final
