-- Grain: one row per billing system and invoice line, tax and refunds as lines of their own.
with lines as (
    select
        source_system,
        invoice_id,
        invoice_line_id,
        subscription_id,
        contract_account_id,
        product_id,
        plan_id,
        line_kind,
        is_proration,
        is_billed,
        invoice_status,
        issued_on,
        earned_from,
        earned_to,
        quantity,
        currency,
        amount,
        discount_amount,
        amount_reporting,
        amount_booked,
        description
    from {{ ref('int_finance_service_lines') }}
),

contracts as (
    select
        source_system,
        subscription_id,
        contract_account_id,
        contract_id
    from {{ ref('int_tie_out_contracts') }}
),

owners as (
    select
        account_id,
        owner_account_id
    from {{ ref('int_account_ownership') }}
    where valid_to is null
),

final as (
    select
        lines.source_system,
        lines.invoice_line_id,
        lines.invoice_id,
        coalesce(owners.owner_account_id, lines.contract_account_id) as account_id,
        lines.subscription_id,
        contracts.contract_id,
        lines.product_id,
        lines.plan_id,
        lines.line_kind,
        lines.is_proration,
        lines.is_billed,
        lines.invoice_status,
        lines.issued_on,
        lines.earned_from,
        lines.earned_to,
        lines.quantity,
        lines.currency,
        lines.amount,
        lines.discount_amount,
        lines.amount_reporting,
        lines.amount_booked,
        lines.description
    from lines
    left outer join contracts
        on
            lines.source_system = contracts.source_system
            and lines.subscription_id is not distinct from contracts.subscription_id
            and lines.contract_account_id = contracts.contract_account_id
    left outer join owners
        on lines.contract_account_id = owners.account_id
)

select * from final
