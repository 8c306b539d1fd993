-- Grain: one row per billing system, subscription and day from which it says this about its ending.
-- What a subscription that is over says of why changes when it comes back: each time has its own.
-- Files say it once, for all time.
{{ config(materialized='view') }}
{% set columns = {
    'subscription_id': 'varchar',
    'valid_from': 'date',
    'valid_to': 'date',
    'cancel_requested_at': 'timestamp',
    'cancel_reason': 'varchar',
    'cancel_detail': 'varchar',
    'cancel_comment': 'varchar',
    'is_payment_failure': 'boolean',
} %}

with united as (
    {%- if source_is_on('billing', 'stripe') %}
    select
        'stripe' as source_system,
        subscription_id,
        valid_from,
        valid_to,
        canceled_at as cancel_requested_at,
        cancellation_reason as cancel_reason,
        cancellation_feedback as cancel_detail,
        cancellation_comment as cancel_comment,
        is_payment_failure
    from {{ ref('int_stripe_subscription_states') }}
    union all
    {%- endif %}
    {%- if source_is_on('billing', 'files') %}
    select
        'files' as source_system,
        subscription_id,
        cast('1900-01-01' as date) as valid_from,
        cast(null as date) as valid_to,
        cancel_requested_at,
        cancel_reason,
        cancel_detail,
        cast(null as varchar) as cancel_comment,
        is_payment_failure
    from {{ ref('int_files_subscriptions') }}
    union all
    {%- endif %}
    select
        cast(null as varchar) as source_system,
        {%- for column, type in columns.items() %}
        cast(null as {{ type }}) as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    where false
),

final as (
    select *
    from united
)

select * from final
