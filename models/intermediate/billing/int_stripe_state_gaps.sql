-- Grain: one row per thing that Stripe does not tell, and object that it is about.
{{ config(enabled=source_is_on('billing', 'stripe')) }}
{% set remedies = {
    'status_unknown': ('error', 'write one of the statuses that Stripe has'),
    'all_test_mode': ('error', 'export with the key of live mode (sk_live)'),
    'test_mode': ('info', 'nothing to do; export live mode alone to be rid of it'),
    'event_missing': ('warning', 'load the missing event while Stripe has it (30 days)'),
    'object_outdated': ('info', 'fetch the subscriptions after their events'),
    'object_missing': ('warning', 'export subscriptions with status=all, or load the event'),
    'customer_unknown': ('warning', 'load the customer, or map it in seed account_mapping'),
    'history_untold': ('warning', 'load the invoices of that time with their lines, or its events; '
        ~ 'or bring the history as subscription_items of files'),
    'change_untold': ('warning', 'load its events of that time, or bring the history as '
        ~ 'subscription_items of files'),
    'end_untold': ('warning', 'load the subscription or the event of its deletion'),
    'trial_end_untold': ('warning', 'load the subscription or its events since then'),
    'renewal_untold': ('warning', 'export subscriptions with status=all, or load its event'),
    'start_untold': ('warning', 'load the subscription or its events since then'),
    'event_unreadable': ('warning', 'export events with data.object in full'),
    'dispute_status_unknown': ('warning', 'write one of the statuses that Stripe has'),
    'invoice_status_unknown': ('warning', 'write one of the statuses that Stripe has'),
    'dispute_unmatched': ('warning', 'load the charge of the dispute and its invoice'),
} %}

with subscriptions as (
    {%- for relation in [
        'int_stripe_untold_changes', 'int_stripe_untold_discount_changes',
        'int_stripe_untold_states', 'int_stripe_untold_renewals', 'int_stripe_untold_terms',
    ] %}
    select
        subscription_id,
        gap,
        shown_by,
        customer_id,
        since,
        what_is_missing
    from {{ ref(relation) }}
    {{- '\n    union all' if not loop.last }}
    {%- endfor %}
),

objects as (
    select
        object_type,
        object_id,
        gap,
        what_is_missing,
        customer_id,
        row_count,
        since
    from {{ ref('int_stripe_untold_objects') }}
),

accounts as (
    select
        system_key,
        account_id
    from {{ ref('int_billing_customers') }}
    where source_system = 'stripe'
),

found as (
    select
        'subscription' as object_type,
        subscription_id as object_id,
        gap,
        concat(
            'Subscription ', subscription_id, ': ',
            string_agg(what_is_missing, '; ' order by since, what_is_missing), '.'
        ) as what_is_missing,
        max(customer_id) as customer_id,
        count(*) as row_count,
        min(since) as since
    from subscriptions
    group by
        subscription_id,
        gap
    union all
    select * from objects
),

final as (
    select
        'stripe' as source_system,
        found.object_type,
        found.object_id,
        found.gap,
        found.what_is_missing,
        accounts.account_id,
        cast(found.row_count as bigint) as row_count,
        cast(null as decimal(18, 2)) as arr_affected,
        found.since,
        case found.gap
            {%- for gap, told in remedies.items() %}
            when '{{ gap }}' then '{{ told[1] }}'
            {%- endfor %}
        end as remedy,
        case found.gap
            {%- for gap, told in remedies.items() %}
            when '{{ gap }}' then '{{ told[0] }}'
            {%- endfor %}
        end as severity
    from found
    left outer join accounts
        on found.customer_id = accounts.system_key
)

select * from final
