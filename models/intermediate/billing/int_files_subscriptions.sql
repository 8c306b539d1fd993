-- Grain: one row per subscription of the files source.
{{ config(enabled=source_is_on('billing', 'files')) }}

with subscriptions as (
    select
        subscription_id,
        account_id,
        status,
        started_at,
        signed_on,
        ended_at,
        cancel_requested_at,
        cancel_reason,
        current_term_start,
        current_term_end,
        currency
    from {{ ref('stg_files__subscriptions') }}
),

final as (
    select
        subscription_id,
        account_id as customer_key,
        status,
        cast(started_at as date) as started_on,
        signed_on,
        cast(ended_at as date) as ended_on,
        cancel_requested_at,
        cancel_reason,
        cast(null as varchar) as cancel_detail,
        -- Spellings billing systems use for a subscription that ended for want of payment.
        coalesce(
            lower(cancel_reason) in (
                'payment_failed', 'payment_failure', 'not_paid', 'unpaid', 'no_card',
                'non_payment', 'delinquent', 'involuntary', 'fraud_review_failed'
            ),
            false
        )
        or lower(status) = 'unpaid' as is_payment_failure,
        current_term_start as term_start,
        current_term_end as term_end,
        upper(coalesce(currency, '{{ var("reporting_currency") }}')) as currency
    from subscriptions
)

select * from final
