-- Grain: one row per object and gap: what invoices leave open and the tie-out cannot say.
{% set given_back = {'invoice_id': 'varchar', 'amount': 'decimal(18, 2)'} %}

with lines as (
    select
        source_system,
        invoice_id,
        subscription_id,
        contract_account_id,
        line_kind,
        is_proration,
        issued_on,
        earned_from,
        amount,
        currency,
        plan_rate
    from {{ ref('int_finance_service_lines') }}
    where is_billed
),

contracts as (
    select
        source_system,
        subscription_id,
        contract_account_id,
        contract_id
    from {{ ref('int_tie_out_contracts') }}
),

reasons as (
    select
        source_system,
        contract_id,
        month,
        sum(credit) as credit
    from {{ ref('int_tie_out_reasons') }}
    group by
        source_system,
        contract_id,
        month
),

refunds as (
    {{ union_systems(
        'billing',
        {'stripe': 'int_stripe_refunds', 'files': 'int_files_refunds'},
        given_back
    ) }}
),

itemising_systems as (
    select distinct source_system
    from lines
    where line_kind not in ('not_itemised', 'tax', 'refund')
),

-- A line below 0 month after month, which the contract does not have.
credited_months as (
    select
        lines.source_system,
        contracts.contract_id,
        lines.contract_account_id,
        count(distinct reasons.month) as months,
        min(lines.earned_from) as since
    from lines
    inner join contracts
        on
            lines.source_system = contracts.source_system
            and lines.subscription_id is not distinct from contracts.subscription_id
            and lines.contract_account_id = contracts.contract_account_id
    inner join reasons
        on
            contracts.source_system = reasons.source_system
            and contracts.contract_id = reasons.contract_id
            and reasons.month
            = cast({{ dbt.date_trunc('month', 'lines.earned_from') }} as date)
    where
        lines.line_kind = 'recurring'
        and not lines.is_proration
        and lines.amount < 0
        and reasons.credit < 0
    group by
        lines.source_system,
        contracts.contract_id,
        lines.contract_account_id
    having count(distinct reasons.month) >= 3
),

found as (
    select
        lines.source_system,
        'invoice' as object_type,
        lines.invoice_id as object_id,
        'invoice_not_itemised' as gap,
        'Invoice ' || lines.invoice_id || ' asks for ' || cast(lines.amount as varchar) || ' '
        || lines.currency || ' that no line says: it is earned on its day and ties to nothing.'
            as what_is_missing,
        lines.contract_account_id as account_id,
        1 as row_count,
        lines.issued_on as since,
        'Deliver all lines of the invoice.' as remedy,
        'warning' as severity
    from lines
    inner join itemising_systems
        on lines.source_system = itemising_systems.source_system
    where lines.line_kind = 'not_itemised'
    union all
    select
        source_system,
        'currency' as object_type,
        currency as object_id,
        'fx_rate_missing' as gap,
        'No exchange rate of ' || currency || ' is known: ' || cast(count(*) as varchar)
        || ' invoice lines have no amount in the reporting currency.' as what_is_missing,
        cast(null as varchar) as account_id,
        count(*) as row_count,
        min(issued_on) as since,
        'Add rates of ' || currency || ' to seeds/fx_rates.csv or to a file fx_rates.' as remedy,
        'error' as severity
    from lines
    where plan_rate is null
    group by
        source_system,
        currency
    union all
    select
        source_system,
        'subscription' as object_type,
        contract_id as object_id,
        'standing_credit' as gap,
        'The bills of ' || contract_id || ' take something off in ' || cast(months as varchar)
        || ' months that its ARR does not know.' as what_is_missing,
        contract_account_id as account_id,
        months as row_count,
        since,
        'If it is a discount, enter it in the contract: its ARR is too high.' as remedy,
        'warning' as severity
    from credited_months
    union all
    select
        refunds.source_system,
        'invoice' as object_type,
        refunds.invoice_id as object_id,
        'refund_without_bill' as gap,
        cast(refunds.amount as varchar) || ' was given back of invoice ' || refunds.invoice_id
        || ', which is no bill here: it lowers no revenue.' as what_is_missing,
        cast(null as varchar) as account_id,
        1 as row_count,
        cast(null as date) as since,
        'Deliver the invoice, or check why it is void.' as remedy,
        'warning' as severity
    from refunds
    left outer join lines
        on
            refunds.source_system = lines.source_system
            and refunds.invoice_id = lines.invoice_id
    where lines.invoice_id is null
),

final as (
    select
        source_system,
        object_type,
        object_id,
        gap,
        what_is_missing,
        account_id,
        cast(row_count as bigint) as row_count,
        cast(null as decimal(18, 2)) as arr_affected,
        since,
        remedy,
        severity
    from found
)

select * from final
