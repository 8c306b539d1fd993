-- Grain: one row per subscription item and first day of the version.
{{ config(enabled=source_is_on('billing', 'files')) }}

with newest as (
    select *
    from {{ source('raw_files', 'subscription_items') }}
    qualify {{ is_newest(['subscription_item_id', 'valid_from']) }}
),

final as (
    select
        subscription_item_id,
        subscription_id,
        valid_from,
        valid_to,
        quantity,
        unit_amount,
        billing_interval,
        interval_count,
        plan_id,
        product_id,
        discount_percent,
        discount_amount,
        discount_duration,
        discount_until,
        usage_type,
        _dlt_load_id as load_id
    from newest
)

select * from final
