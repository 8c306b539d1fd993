-- Grain: one row per billing system and subscription, as known at the as-of date.
{% set columns = {
    'subscription_id': 'varchar',
    'customer_key': 'varchar',
    'status': 'varchar',
    'started_on': 'date',
    'ended_on': 'date',
    'cancel_requested_at': 'timestamp',
    'cancel_reason': 'varchar',
    'cancel_detail': 'varchar',
    'is_payment_failure': 'boolean',
    'term_start': 'date',
    'term_end': 'date',
    'currency': 'varchar',
    'ends_on': 'date',
    'is_end_agreed': 'boolean',
    'is_auto_renewed': 'boolean',
} %}

with united as (
    {{ union_systems(
        'billing',
        {'stripe': 'int_stripe_subscriptions', 'files': 'int_files_subscriptions'},
        columns
    ) }}
),

final as (
    select *
    from united
    where started_on <= {{ as_of_date() }}
)

select * from final
