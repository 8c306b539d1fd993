-- Grain: one row per billing system and invoice issued up to the as-of date.
{% set columns = {
    'invoice_id': 'varchar',
    'customer_key': 'varchar',
    'status': 'varchar',
    'issued_at': 'timestamp',
    'due_at': 'timestamp',
    'paid_at': 'timestamp',
    'currency': 'varchar',
    'total': 'decimal(18, 2)',
} %}
{% set ending_columns = {
    'invoice_id': 'varchar',
    'voided_at': 'timestamp',
    'written_off_at': 'timestamp',
} %}

with united as (
    {{ union_systems(
        'billing',
        {'stripe': 'int_stripe_invoices', 'files': 'int_files_invoices'},
        columns
    ) }}
),

endings as (
    {{ union_systems('billing', {'stripe': 'int_stripe_invoice_endings'}, ending_columns) }}
),

dated as (
    select
        united.*,
        cast(endings.written_off_at as date) as written_off_on,
        cast(
            case united.status
                when 'paid' then united.paid_at
                when 'void' then endings.voided_at
                when 'uncollectible' then endings.written_off_at
            end as date
        ) as status_since
    from united
    left outer join endings
        on
            united.source_system = endings.source_system
            and united.invoice_id = endings.invoice_id
),

-- What was paid, taken back or written off after the as-of date was not yet on it.
final as (
    select
        source_system,
        invoice_id,
        customer_key,
        case
            when status_since <= {{ as_of_date() }} or status_since is null then status
            when written_off_on <= {{ as_of_date() }} then 'uncollectible'
            else 'open'
        end as status,
        issued_at,
        due_at,
        case when cast(paid_at as date) <= {{ as_of_date() }} then paid_at end as paid_at,
        currency,
        total
    from dated
    where cast(issued_at as date) <= {{ as_of_date() }}
)

select * from final
