-- Grain: one row per contract line and day from which a version of it holds.
-- A contract line is a subscription item. A version is a stretch of days with one price,
-- quantity, plan and subscription state, from history as it was known at the as-of date.
{% set columns = {
    'subscription_item_id': 'varchar',
    'valid_from': 'date',
    'valid_to': 'date',
    'subscription_id': 'varchar',
    'customer_id': 'varchar',
    'product_id': 'varchar',
    'price_id': 'varchar',
    'quantity': 'decimal(18, 4)',
    'unit_amount': 'decimal(18, 4)',
    'currency': 'varchar',
    'billing_interval': 'varchar',
    'interval_count': 'integer',
    'usage_type': 'varchar',
    'status': 'varchar',
    'paused_from': 'date',
    'paused_until': 'date',
} %}

with united as (
    {{ union_systems(
        'billing',
        {'stripe': 'int_stripe_line_versions', 'files': 'int_files_line_versions'},
        columns
    ) }}
),

final as (
    select * from united
)

select * from final
