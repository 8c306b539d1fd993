-- Grain: one row per subscription item and first day of the version.
{{ config(enabled=source_is_on('billing', 'files')) }}

with newest as (
    select *
    from {{ source('raw_files', 'subscription_items') }}
    qualify {{ is_newest(['subscription_item_id', 'valid_from'], 'updated_at', can_go=true) }}
),

deliveries as (
    {{ files_delivery_days('subscription_items') }}
),

final as (
    select
        newest.subscription_item_id,
        newest.subscription_id,
        newest.valid_from,
        {{ end_day('newest.valid_to') }} as valid_to,
        newest.quantity,
        newest.unit_amount,
        newest.billing_interval,
        newest.interval_count,
        newest.plan_id,
        newest.product_id,
        newest.discount_percent,
        newest.discount_amount,
        newest.discount_duration,
        {{ end_day('newest.discount_until') }} as discount_until,
        newest.usage_type,
        newest._dlt_load_id as load_id,
        newest._gone_load_id as gone_load_id,
        deliveries.delivered_on as gone_on
    from newest
    left outer join deliveries
        on newest._gone_load_id = deliveries.load_id
)

select * from final
