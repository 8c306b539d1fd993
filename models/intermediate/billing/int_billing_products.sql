-- Grain: one row per billing system and product.
{% set columns = {
    'product_id': 'varchar',
    'product_name': 'varchar',
    'is_core': 'boolean',
} %}

with united as (
    {{ union_systems(
        'billing',
        {'stripe': 'stg_stripe__products', 'files': 'stg_files__products'},
        columns
    ) }}
),

final as (
    select
        source_system,
        product_id,
        product_name,
        coalesce(is_core, true) as is_core
    from united
)

select * from final
