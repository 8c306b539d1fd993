-- Grain: one row per billing system, subscription and day from which it says this about its ending.
-- What a subscription that is over says of why changes when it comes back: each time has its own.
-- Files say it once, for all time.
{{ config(materialized='view') }}

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
        cast(null as varchar) as subscription_id,
        cast(null as date) as valid_from,
        cast(null as date) as valid_to,
        cast(null as timestamp) as cancel_requested_at,
        cast(null as varchar) as cancel_reason,
        cast(null as varchar) as cancel_detail,
        cast(null as varchar) as cancel_comment,
        cast(null as boolean) as is_payment_failure
    where false
),

final as (
    select *
    from united
)

select * from final
