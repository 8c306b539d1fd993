-- Grain: one row per subscription of the files source.
{{ config(enabled=source_is_on('billing', 'files')) }}

with subscriptions as (
    select
        subscription_id,
        account_id,
        started_at,
        signed_on,
        cancel_requested_at,
        cancel_reason,
        current_term_start,
        current_term_end,
        currency,
        auto_renew
    from {{ ref('stg_files__subscriptions') }}
),

states as (
    select
        subscription_id,
        status_delivered,
        meaning,
        end_basis,
        service_end
    from {{ ref('int_files_subscription_states') }}
),

-- What the first delivery already has may have been made at any time before.
seen as (
    select
        subscription_id,
        nullif(min(delivered_on), min(min(delivered_on)) over ()) as first_seen_on
    from {{ ref('stg_files__subscription_versions') }}
    group by subscription_id
),

terms as (
    select
        subscription_id,
        ends_on,
        is_end_agreed
    from {{ ref('int_files_terms') }}
),

final as (
    select
        subscriptions.subscription_id,
        subscriptions.account_id as customer_key,
        case states.meaning
            when 'non_renewing' then 'active'
            when 'ended' then 'canceled'
            when 'draft' then 'incomplete'
            when 'unknown' then states.status_delivered
            else states.meaning
        end as status,
        cast(subscriptions.started_at as date) as started_on,
        subscriptions.signed_on,
        coalesce(subscriptions.signed_on, seen.first_seen_on) as made_on,
        case
            when states.end_basis = 'ended_at' or states.service_end <= {{ as_of_date() }}
                then states.service_end
        end as ended_on,
        subscriptions.cancel_requested_at,
        subscriptions.cancel_reason,
        cast(null as varchar) as cancel_detail,
        -- Spellings billing systems use for a subscription that ended for want of payment.
        coalesce(
            lower(subscriptions.cancel_reason) in (
                'payment_failed', 'payment_failure', 'not_paid', 'unpaid', 'no_card',
                'non_payment', 'delinquent', 'involuntary', 'fraud_review_failed'
            ),
            false
        )
        or states.meaning = 'unpaid' as is_payment_failure,
        subscriptions.current_term_start as term_start,
        subscriptions.current_term_end as term_end,
        coalesce(subscriptions.currency, '{{ var("reporting_currency") }}') as currency,
        terms.ends_on,
        terms.is_end_agreed,
        case when states.meaning = 'non_renewing' then false else subscriptions.auto_renew end
            as is_auto_renewed
    from subscriptions
    inner join states
        on subscriptions.subscription_id = states.subscription_id
    inner join terms
        on subscriptions.subscription_id = terms.subscription_id
    left outer join seen
        on subscriptions.subscription_id = seen.subscription_id
)

select * from final
