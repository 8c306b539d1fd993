-- Grain: one row per billing system and invoice line issued up to the as-of date.
-- line_kind: recurring, usage (metered, in arrears), one_time, credit, tax, not_itemised. The
-- lines of an invoice add up to its total.
{% set columns = {
    'invoice_id': 'varchar',
    'invoice_line_id': 'varchar',
    'subscription_id': 'varchar',
    'subscription_item_id': 'varchar',
    'product_id': 'varchar',
    'plan_id': 'varchar',
    'line_kind': 'varchar',
    'is_proration': 'boolean',
    'amount': 'decimal(18, 2)',
    'discount_amount': 'decimal(18, 2)',
    'once_discount_amount': 'decimal(18, 2)',
    'currency': 'varchar',
    'service_start': 'date',
    'service_end': 'date',
    'quantity': 'decimal(18, 4)',
    'full_interval_amount': 'decimal(28, 4)',
    'billing_interval': 'varchar',
    'interval_count': 'integer',
    'description': 'varchar',
} %}

with united as (
    {{ union_systems(
        'billing',
        {'stripe': 'int_stripe_invoice_lines', 'files': 'int_files_invoice_lines'},
        columns
    ) }}
),

invoices as (
    select
        source_system,
        invoice_id,
        customer_key,
        status,
        cast(issued_at as date) as issued_on
    from {{ ref('int_billing_invoices') }}
),

final as (
    select
        united.*,
        invoices.customer_key,
        invoices.status as invoice_status,
        {{ is_bill('invoices.status') }} as is_billed,
        invoices.issued_on
    from united
    inner join invoices
        on
            united.source_system = invoices.source_system
            and united.invoice_id = invoices.invoice_id
)

select * from final
