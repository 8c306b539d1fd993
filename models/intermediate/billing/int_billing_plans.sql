-- Grain: one row per billing system and plan (a recurring price).
{% set columns = {
    'plan_id': 'varchar',
    'plan_name': 'varchar',
    'product_id': 'varchar',
} %}

with united as (
    {{ union_systems(
        'billing',
        {'stripe': 'int_stripe_plans', 'files': 'int_files_plans'},
        columns
    ) }}
),

final as (
    select
        source_system,
        plan_id,
        plan_name,
        product_id
    from united
)

select * from final
