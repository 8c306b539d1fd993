-- Grain: one row per Stripe customer, dispute, invoice, event or export that does not tell what is
-- needed.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with customers as (
    select
        customer_id,
        is_deleted
    from {{ ref('int_stripe_customers') }}
    where not is_known
),

named as (
    select
        customer_id,
        count(distinct subscription_id) as subscriptions,
        min(subscription_id) as first_subscription_id,
        min(valid_from) as since
    from {{ ref('int_stripe_subscription_states') }}
    group by customer_id
),

accounts as (
    select
        system_key,
        account_id
    from {{ ref('int_billing_customers') }}
    where source_system = 'stripe'
),

delivered as (
    select
        object_type,
        is_live,
        objects,
        unreadable,
        first_unreadable_id
    from {{ ref('stg_stripe__delivered_objects') }}
),

modes as (
    select
        sum(case when is_live then objects else 0 end) as live_objects,
        sum(case when not is_live then objects else 0 end) as test_objects
    from delivered
    where object_type <> 'customer'
),

disputes as (
    select distinct
        dispute_id,
        customer_key as customer_id,
        disputed_on,
        status,
        is_status_known
    from {{ ref('int_stripe_disputes') }}
    where
        not is_status_known
        or (is_counted and subscription_id is null)
),

invoices as (
    select
        invoice_id,
        customer_id,
        status,
        cast(issued_at as date) as issued_on
    from {{ ref('stg_stripe__invoices') }}
    where
        not {{ is_invoice_status('status') }}
        and cast(issued_at as date) <= {{ as_of_date() }}
),

final as (
    select
        'customer' as object_type,
        customers.customer_id as object_id,
        'customer_unknown' as gap,
        concat(
            'Customer ', customers.customer_id, ' of subscription ', named.first_subscription_id,
            case
                when customers.is_deleted then ' was deleted and never delivered before'
                else ' was not delivered'
            end,
            ': whose revenue this is, is not known; it counts as unassigned.'
        ) as what_is_missing,
        customers.customer_id,
        named.subscriptions as row_count,
        named.since
    from customers
    inner join named
        on customers.customer_id = named.customer_id
    left outer join accounts
        on customers.customer_id = accounts.system_key
    where coalesce(accounts.account_id, 'unassigned') = 'unassigned'
    union all
    select
        'export' as object_type,
        'stripe' as object_id,
        case when live_objects = 0 then 'all_test_mode' else 'test_mode' end as gap,
        case
            when live_objects = 0
                then concat(
                    'All ', cast(test_objects as varchar), ' subscriptions and events are of test ',
                    'mode (livemode false): all is test mode, and nothing of Stripe counts.'
                )
            else concat(
                cast(test_objects as varchar), ' subscriptions and events are of test mode ',
                '(livemode false) and do not count.'
            )
        end as what_is_missing,
        cast(null as varchar) as customer_id,
        test_objects as row_count,
        cast(null as date) as since
    from modes
    where test_objects > 0
    union all
    select
        'event' as object_type,
        first_unreadable_id as object_id,
        'event_unreadable' as gap,
        concat(
            'Event ', first_unreadable_id, ' names no subscription (data.object.id)',
            case when unreadable > 1 then ', like others' end, ' and is left out.'
        ) as what_is_missing,
        cast(null as varchar) as customer_id,
        unreadable as row_count,
        cast(null as date) as since
    from delivered
    where
        is_live
        and unreadable > 0
    union all
    select
        'dispute' as object_type,
        dispute_id as object_id,
        case when is_status_known then 'dispute_unmatched' else 'dispute_status_unknown' end as gap,
        case
            when is_status_known
                then concat(
                    'Dispute ', dispute_id, ' (', status,
                    ') is about a payment for no subscription that is known.'
                )
            else concat(
                'Dispute ', dispute_id, ' has the status ''', status,
                ''', which Stripe does not have; it does not count.'
            )
        end as what_is_missing,
        customer_id,
        1 as row_count,
        disputed_on as since
    from disputes
    union all
    select
        'invoice' as object_type,
        invoice_id as object_id,
        'invoice_status_unknown' as gap,
        concat(
            'Invoice ', invoice_id, ' has ',
            case
                when status is null then 'no status'
                else concat('the status ''', status, '''')
            end,
            ', none of draft, open, paid, uncollectible and void: it is no bill, is not owed and ',
            'tells no price.'
        ) as what_is_missing,
        customer_id,
        1 as row_count,
        issued_on as since
    from invoices
)

select * from final
