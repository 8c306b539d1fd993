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

with united as (
    {{ union_systems(
        'billing',
        {'stripe': 'int_stripe_invoices', 'files': 'int_files_invoices'},
        columns
    ) }}
),

-- What was paid after the as-of date was open on it.
final as (
    select
        source_system,
        invoice_id,
        customer_key,
        case
            when status = 'paid' and cast(paid_at as date) > {{ as_of_date() }}
                then 'open'
            else status
        end as status,
        issued_at,
        due_at,
        case when cast(paid_at as date) <= {{ as_of_date() }} then paid_at end as paid_at,
        currency,
        total
    from united
    where cast(issued_at as date) <= {{ as_of_date() }}
)

select * from final
