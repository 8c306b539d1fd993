-- Grain: one row per Stripe coupon.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with source as (
    select *
    from {{ source('raw_stripe', 'coupon') }}
    qualify {{ is_newest(['id']) }}
),

final as (
    select
        source.id as coupon_id,
        source.duration,
        cast(source.duration_in_months as integer) as duration_in_months,
        try_cast(source.percent_off as decimal(9, 4)) as percent_off,
        cast(source.amount_off as decimal(18, 0)) as amount_off_minor,
        upper(source.currency) as currency,
        source.currency_options,
        {{ json_text('source.applies_to', '$.products') }} as products
    from source
)

select * from final
