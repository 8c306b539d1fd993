-- Grain: one row per recurring invoice line in another currency than its contract: what it is worth
-- for the contract.
-- day_rate turns the line's amount into the contract's currency by the rates of the day of the
-- invoice, and that at the plan rate of the contract: it differs from the line's own plan rate as
-- far as rates moved. same_number_rate takes the number as if it were in the contract's currency.
with lines as (
    select
        source_system,
        invoice_line_id,
        subscription_id,
        contract_account_id,
        currency,
        plan_rate,
        issued_on
    from {{ ref('int_finance_service_lines') }}
    where line_kind = 'recurring'
),

contracts as (
    select
        source_system,
        subscription_id,
        contract_account_id,
        contract_currency
    from {{ ref('int_tie_out_contracts') }}
),

plan_rates as (
    select
        currency,
        plan_rate
    from {{ ref('int_fx_plan_rates') }}
),

rates as (
    select
        currency,
        applies_from,
        coalesce(valid_to, cast('9999-12-31' as date)) as valid_to,
        rate_to_reporting
    from {{ ref('int_fx_rates') }}
),

final as (
    select
        lines.source_system,
        lines.invoice_line_id,
        plan_rates.plan_rate as same_number_rate,
        cast(
            cast(plan_rates.plan_rate as double)
            * coalesce(
                line_rates.rate_to_reporting / contract_rates.rate_to_reporting,
                lines.plan_rate / plan_rates.plan_rate
            ) as decimal(28, 12)
        ) as day_rate
    from lines
    inner join contracts
        on
            lines.source_system = contracts.source_system
            and lines.subscription_id is not distinct from contracts.subscription_id
            and lines.contract_account_id = contracts.contract_account_id
            and lines.currency <> contracts.contract_currency
    inner join plan_rates
        on contracts.contract_currency = plan_rates.currency
    left outer join rates as line_rates
        on
            lines.currency = line_rates.currency
            and lines.issued_on >= line_rates.applies_from
            and lines.issued_on < line_rates.valid_to
    left outer join rates as contract_rates
        on
            contracts.contract_currency = contract_rates.currency
            and lines.issued_on >= contract_rates.applies_from
            and lines.issued_on < contract_rates.valid_to
)

select * from final
