-- Grain: one row per Stripe subscription, price or customer and thing that items or prices miss.
{{ config(enabled=source_is_on('billing', 'stripe')) }}
{% set expand = 'Deliver the price with tiers and currency options (expand data.tiers, '
    ~ 'data.currency_options), or the invoice lines of the subscription.' %}
{% set remedies = {
    'price_unknown': ('error', expand),
    'quantity_unknown': ('error', 'Deliver the item with its quantity.'),
    'currency_unknown': ('error', 'If Stripe has the currency, add it to '
        ~ 'seeds/currency_minor_units.csv and to the macro currency_minor_units.'),
    'interval_unknown': ('error', 'Deliver the price with an interval of day, week, month or year.'),
    'commitment_unknown': ('warning', expand),
    'items_missing': ('error', 'Deliver the subscription with its items.'),
    'items_not_listed': ('error', 'List the items of the subscription to the last page, or deliver '
        ~ 'its invoice lines.'),
    'items_uncounted': ('warning', 'List the items of the subscription to the last page.'),
    'items_from_invoices': ('info', 'List the items of the subscription to the last page.'),
    'price_from_invoices': ('info', expand),
    'tax_unknown': ('warning', 'Deliver the invoices of the subscription with their taxes (total_taxes).'),
    'pricing_not_read': ('error', 'Only prices are read. Bring what was agreed in pricing plans as '
        ~ 'contracts of files.'),
} %}

with unpriced as (
    select
        subscription_id,
        subscription_item_id,
        customer_id,
        valid_from,
        gap,
        missing
    from {{ ref('int_stripe_unpriced_items') }}
),

lists as (
    select
        subscription_id,
        customer_id,
        valid_from,
        known_items,
        listed_items,
        total_items,
        gap
    from {{ ref('int_stripe_state_lists') }}
    where gap <> 'whole'
),

versions as (
    select
        price_id,
        subscription_id,
        subscription_item_id,
        customer_id,
        valid_from,
        priced_by,
        net_share,
        {{ is_billable_status('status') }} and valid_from <= {{ as_of_date() }} as is_paid_for
    from {{ ref('int_stripe_line_versions') }}
),

with_tax as (
    select distinct price_id
    from {{ ref('int_stripe_listed_items') }}
    where {{ json_text('price', '$.tax_behavior') }} = 'inclusive'
),

lines as (
    select
        invoice_id,
        line_item_id,
        pricing_type,
        period_start
    from {{ ref('stg_stripe__invoice_line_items') }}
    where pricing_type <> 'price_details'
),

invoices as (
    select
        invoice_id,
        customer_id
    from {{ ref('stg_stripe__invoices') }}
    where cast(issued_at as date) <= {{ as_of_date() }}
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
        customer_id,
        gap,
        'Subscription ' || subscription_id || ' is paid for, and ' || missing || '.' as sentence,
        subscription_item_id as row_id,
        valid_from
    from unpriced
    union all
    select
        'subscription' as object_type,
        subscription_id as object_id,
        customer_id,
        gap,
        'Subscription ' || subscription_id || ' is paid for, and '
        || case
            when gap = 'items_missing' then 'no item of it was told'
            else
                'its list of items is cut: ' || cast(listed_items as varchar) || ' of '
                || coalesce(cast(total_items as varchar), 'more') || ' are listed, '
                || cast(known_items - listed_items as varchar) || ' more are taken from invoices'
        end
        || '.' as sentence,
        cast(valid_from as varchar) as row_id,
        valid_from
    from lists
    union all
    select
        'price' as object_type,
        coalesce(price_id, subscription_item_id) as object_id,
        cast(null as varchar) as customer_id,
        'price_from_invoices' as gap,
        'Price ' || coalesce(price_id, 'of item ' || subscription_item_id)
        || ' does not say what it costs; what invoices billed for it counts.' as sentence,
        subscription_item_id as row_id,
        valid_from
    from versions
    where priced_by = 'invoice_lines'
    union all
    select
        'subscription' as object_type,
        versions.subscription_id as object_id,
        versions.customer_id,
        'tax_unknown' as gap,
        'Subscription ' || versions.subscription_id || ' is paid for, and its price '
        || versions.price_id || ' contains tax of which no bill says how much; it counts with it.'
            as sentence,
        versions.subscription_item_id as row_id,
        versions.valid_from
    from versions
    inner join with_tax
        on versions.price_id = with_tax.price_id
    where
        versions.is_paid_for
        and versions.net_share is null
    union all
    select
        'customer' as object_type,
        invoices.customer_id as object_id,
        invoices.customer_id,
        'pricing_not_read' as gap,
        'Customer ' || invoices.customer_id || ' is billed by ' || lines.pricing_type
        || ' (invoice ' || lines.invoice_id || '), which is not read: it has no ARR.' as sentence,
        lines.line_item_id as row_id,
        lines.period_start as valid_from
    from lines
    inner join invoices
        on lines.invoice_id = invoices.invoice_id
),

final as (
    select
        'stripe' as source_system,
        found.object_type,
        found.object_id,
        found.gap,
        min_by(found.sentence, found.valid_from) as what_is_missing,
        max_by(accounts.account_id, found.valid_from) as account_id,
        cast(count(distinct found.row_id) as bigint) as row_count,
        cast(null as decimal(18, 2)) as arr_affected,
        min(found.valid_from) as since,
        case found.gap
            {%- for gap, (severity, remedy) in remedies.items() %}
            when '{{ gap }}' then '{{ remedy }}'
            {%- endfor %}
        end as remedy,
        case found.gap
            {%- for gap, (severity, remedy) in remedies.items() %}
            when '{{ gap }}' then '{{ severity }}'
            {%- endfor %}
        end as severity
    from found
    left outer join accounts
        on found.customer_id = accounts.system_key
    group by
        found.object_type,
        found.object_id,
        found.gap
)

select * from final
