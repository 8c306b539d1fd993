-- Grain: one row per product.
{{ config(enabled=source_is_on('billing', 'files')) }}

with newest as (
    select *
    from {{ source('raw_files', 'products') }}
    qualify {{ is_newest(['product_id'], none, can_go=true) }}
),

final as (
    select
        product_id,
        product_name,
        is_core
    from newest
)

select * from final
