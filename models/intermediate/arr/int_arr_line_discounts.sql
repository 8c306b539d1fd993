-- Grain: one row per contract line version and discount that lowers its ARR.
-- `once` coupons change an invoice, not ARR; the policy `gross` counts no discount at all.
{% set columns = {
    'subscription_item_id': 'varchar',
    'valid_from': 'date',
    'discount_id': 'varchar',
    'duration': 'varchar',
    'percent_off': 'decimal(9, 4)',
    'amount_off': 'decimal(18, 4)',
    'discount_from': 'date',
    'discount_to': 'date',
} %}

with united as (
    {{ union_systems(
        'billing',
        {'stripe': 'int_stripe_line_discounts', 'files': 'int_files_line_discounts'},
        columns
    ) }}
),

final as (
    select
        source_system,
        subscription_item_id,
        valid_from,
        discount_id,
        percent_off,
        amount_off,
        coalesce(discount_from, cast('1900-01-01' as date)) as discount_from,
        discount_to
    from united
    where
        duration <> 'once'
        and '{{ var("discount_policy") }}' = 'net'
)

select * from final
