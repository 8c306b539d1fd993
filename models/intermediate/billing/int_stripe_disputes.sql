-- Grain: one row per Stripe dispute and subscription whose payment it is about.
-- The subscription of the charge's invoice; where that is not known, each of the customer's.
-- It counts while it is open and when it is lost; an inquiry (warning_…) has taken nothing yet.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with disputes as (
    select
        dispute_id,
        charge_id,
        payment_intent_id,
        cast(disputed_at as date) as disputed_on,
        status
    from {{ ref('stg_stripe__disputes') }}
    where cast(disputed_at as date) <= {{ as_of_date() }}
),

payments as (
    select
        charge_id,
        payment_intent_id
    from {{ ref('stg_stripe__charges') }}
),

charges as (
    select
        charge_id,
        customer_id,
        invoice_id
    from {{ ref('int_stripe_charges') }}
),

invoices as (
    select
        invoice_id,
        subscription_id
    from {{ ref('stg_stripe__invoices') }}
    where subscription_id is not null
),

subscriptions as (
    select distinct
        customer_id,
        subscription_id
    from {{ ref('int_stripe_told_states') }}
),

-- The last of several attempts of one payment is the one that was paid and disputed.
disputed_charges as (
    select
        disputes.dispute_id,
        coalesce(disputes.charge_id, max(payments.charge_id)) as charge_id
    from disputes
    left outer join payments
        on disputes.payment_intent_id = payments.payment_intent_id
    group by
        disputes.dispute_id,
        disputes.charge_id
),

final as (
    select
        disputes.dispute_id,
        coalesce(invoices.subscription_id, subscriptions.subscription_id) as subscription_id,
        charges.customer_id as customer_key,
        disputes.disputed_on,
        disputes.status,
        disputes.status in (
            'needs_response', 'under_review', 'lost', 'charge_refunded'
        ) as is_counted,
        disputes.status in (
            'needs_response', 'under_review', 'lost', 'charge_refunded', 'won', 'prevented',
            'warning_needs_response', 'warning_under_review', 'warning_closed'
        ) as is_status_known
    from disputes
    inner join disputed_charges
        on disputes.dispute_id = disputed_charges.dispute_id
    left outer join charges
        on disputed_charges.charge_id = charges.charge_id
    left outer join invoices
        on charges.invoice_id = invoices.invoice_id
    left outer join subscriptions
        on
            charges.customer_id = subscriptions.customer_id
            and invoices.subscription_id is null
)

select * from final
