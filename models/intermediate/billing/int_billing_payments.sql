-- Grain: one row per billing system and payment attempt up to the as-of date.
{% set columns = {
    'payment_id': 'varchar',
    'invoice_id': 'varchar',
    'status': 'varchar',
    'amount': 'decimal(18, 2)',
    'attempted_at': 'timestamp',
    'failure_code': 'varchar',
} %}

with united as (
    {{ union_systems(
        'billing',
        {'stripe': 'int_stripe_payments', 'files': 'stg_files__payments'},
        columns
    ) }}
),

final as (
    select *
    from united
    where cast(attempted_at as date) <= {{ as_of_date() }}
)

select * from final
