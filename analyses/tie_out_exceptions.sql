-- The exceptions of the tie-out with everything needed to chase them: for each contract and month
-- that has something unexplained, unmatched, written off or in the wrong currency, what its ARR
-- lines and its invoice lines say, void ones too (status).
-- Run: csw query tie_out_exceptions --csv > exceptions.csv
-- Only from a month on: --set tie_out_from=2025-11
with exceptions as (
    select
        account_id,
        month
    from {{ ref('mart_arr_tie_out') }}
    where
        is_exception
        and month >= {{ month_asked('tie_out_from', "'1900-01-01'") }}
),

contract_months as (
    select
        fct.source_system,
        fct.account_id,
        fct.contract_id,
        fct.month,
        fct.expected_revenue,
        fct.billed_revenue,
        fct.variance,
        fct.unexplained,
        fct.unmatched_customer,
        fct.written_off_revenue,
        fct.wrong_currency_revenue,
        fct.finding
    from {{ ref('fct_tie_out_contract_month') }} as fct
    inner join exceptions
        on
            fct.account_id = exceptions.account_id
            and fct.month = exceptions.month
    where
        fct.unexplained <> 0
        or fct.unmatched_customer <> 0
        or fct.written_off_revenue <> 0
        or fct.wrong_currency_revenue <> 0
),

accounts as (
    select
        account_id,
        account_name,
        csm_id
    from {{ ref('dim_account') }}
),

arr_lines as (
    select
        contract_months.account_id,
        contract_months.contract_id,
        contract_months.month,
        'ARR line' as what,
        fct_arr_line.subscription_item_id as line,
        cast(null as varchar) as invoice_id,
        fct_arr_line.valid_from as first_day,
        fct_arr_line.valid_to as end_day,
        fct_arr_line.status,
        fct_arr_line.quantity,
        fct_arr_line.currency,
        fct_arr_line.unit_amount as amount,
        fct_arr_line.arr as reporting_amount,
        cast(null as date) as issued_on,
        cast(null as varchar) as description
    from contract_months
    inner join {{ ref('fct_arr_line') }} as fct_arr_line
        on
            contract_months.source_system = fct_arr_line.source_system
            and (
                contract_months.contract_id = fct_arr_line.subscription_id
                or contract_months.contract_id = 'account ' || fct_arr_line.account_id
            )
            and contract_months.month
            < coalesce(fct_arr_line.valid_to, cast('9999-12-31' as date))
            and cast({{ dbt.dateadd('month', 1, 'contract_months.month') }} as date)
            > fct_arr_line.valid_from
),

invoice_lines as (
    select
        contract_months.account_id,
        contract_months.contract_id,
        contract_months.month,
        'invoice line, ' || fct_invoice_line.line_kind as what,
        fct_invoice_line.invoice_line_id as line,
        fct_invoice_line.invoice_id,
        fct_invoice_line.earned_from as first_day,
        fct_invoice_line.earned_to as end_day,
        fct_invoice_line.invoice_status as status,
        fct_invoice_line.quantity,
        fct_invoice_line.currency,
        fct_invoice_line.amount,
        fct_invoice_line.amount_reporting as reporting_amount,
        fct_invoice_line.issued_on,
        fct_invoice_line.description
    from contract_months
    inner join {{ ref('fct_invoice_line') }} as fct_invoice_line
        on
            contract_months.source_system = fct_invoice_line.source_system
            and contract_months.contract_id = fct_invoice_line.contract_id
            and contract_months.month < fct_invoice_line.earned_to
            and cast({{ dbt.dateadd('month', 1, 'contract_months.month') }} as date)
            > fct_invoice_line.earned_from
    where fct_invoice_line.line_kind <> 'tax'
),

evidence as (
    select * from arr_lines
    union all
    select * from invoice_lines
),

final as (
    select
        contract_months.month,
        contract_months.account_id,
        accounts.account_name,
        accounts.csm_id,
        contract_months.contract_id,
        contract_months.expected_revenue,
        contract_months.billed_revenue,
        contract_months.variance,
        contract_months.unexplained,
        contract_months.unmatched_customer,
        contract_months.written_off_revenue,
        contract_months.wrong_currency_revenue,
        contract_months.finding,
        evidence.what,
        evidence.line,
        evidence.invoice_id,
        evidence.first_day,
        evidence.end_day,
        evidence.status,
        evidence.quantity,
        evidence.currency,
        evidence.amount,
        evidence.reporting_amount,
        evidence.issued_on,
        evidence.description
    from contract_months
    left outer join evidence
        on
            contract_months.account_id = evidence.account_id
            and contract_months.contract_id = evidence.contract_id
            and contract_months.month = evidence.month
    left outer join accounts
        on contract_months.account_id = accounts.account_id
)

select * from final
order by
    abs(unexplained) + abs(unmatched_customer) + written_off_revenue + wrong_currency_revenue desc,
    account_id asc,
    month asc,
    what asc,
    first_day asc
