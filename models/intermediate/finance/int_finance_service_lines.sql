-- Grain: one row per invoice line, and one per refund: what is earned over which days.
-- Amounts at the plan rate, as ARR is, and at the rate of the day of the invoice. A line without
-- a period of service is earned on the day of the invoice. The account is the one before merges
-- that holds the contract on the first of these days.
with invoice_lines as (
    select
        source_system,
        invoice_id,
        invoice_line_id,
        subscription_id,
        customer_key,
        product_id,
        plan_id,
        line_kind,
        is_proration,
        is_billed,
        invoice_status,
        issued_on,
        amount,
        discount_amount,
        once_discount_amount,
        currency,
        service_start,
        service_end,
        quantity,
        full_interval_amount,
        billing_interval,
        interval_count,
        description
    from {{ ref('int_billing_invoice_lines') }}
),

refunds as (
    select
        source_system,
        invoice_id,
        subscription_id,
        customer_key,
        currency,
        issued_on,
        amount,
        service_start,
        service_end
    from {{ ref('int_billing_refunds') }}
),

customers as (
    select
        source_system,
        system_key,
        account_id
    from {{ ref('int_billing_customers') }}
),

holders as (
    select
        source_system,
        subscription_id,
        contract_account_id,
        valid_from,
        valid_to
    from {{ ref('int_arr_contract_holders') }}
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
        valid_to,
        rate_to_reporting
    from {{ ref('int_fx_rates') }}
),

united as (
    select * from invoice_lines
    union all
    select
        source_system,
        invoice_id,
        invoice_id || ':refund' as invoice_line_id,
        subscription_id,
        customer_key,
        cast(null as varchar) as product_id,
        cast(null as varchar) as plan_id,
        'refund' as line_kind,
        false as is_proration,
        true as is_billed,
        cast(null as varchar) as invoice_status,
        greatest(issued_on, service_start) as issued_on,
        -amount as amount,
        cast(0 as decimal(18, 2)) as discount_amount,
        cast(0 as decimal(18, 2)) as once_discount_amount,
        currency,
        service_start,
        service_end,
        cast(null as decimal(18, 4)) as quantity,
        cast(null as decimal(28, 4)) as full_interval_amount,
        cast(null as varchar) as billing_interval,
        cast(null as integer) as interval_count,
        'Refund' as description
    from refunds
),

earned as (
    select
        *,
        case when service_end > service_start then service_start else issued_on end
            as earned_from,
        case
            when service_end > service_start then service_end
            else cast({{ dbt.dateadd('day', 1, 'issued_on') }} as date)
        end as earned_to
    from united
),

dated as (
    select
        earned.source_system,
        earned.invoice_id,
        earned.invoice_line_id,
        earned.subscription_id,
        -- A bill follows its contract; one without a contract follows its customer.
        coalesce(holders.contract_account_id, customers.account_id, 'unassigned')
            as contract_account_id,
        earned.product_id,
        earned.plan_id,
        earned.line_kind,
        earned.is_proration,
        earned.is_billed,
        earned.invoice_status,
        earned.issued_on,
        earned.amount,
        earned.discount_amount,
        earned.once_discount_amount,
        earned.currency,
        earned.earned_from,
        earned.earned_to,
        earned.quantity,
        earned.full_interval_amount,
        earned.billing_interval,
        earned.interval_count,
        earned.description,
        plan_rates.plan_rate,
        {{ at_rate('earned.amount', 'plan_rates.plan_rate') }} as amount_reporting,
        {{ at_rate(
            'earned.amount', 'coalesce(rates.rate_to_reporting, plan_rates.plan_rate)'
        ) }} as amount_booked
    from earned
    left outer join holders
        on
            earned.source_system = holders.source_system
            and earned.subscription_id = holders.subscription_id
            and earned.earned_from >= holders.valid_from
            and earned.earned_from < holders.valid_to
    left outer join customers
        on
            earned.source_system = customers.source_system
            and earned.customer_key = customers.system_key
    left outer join plan_rates
        on earned.currency = plan_rates.currency
    left outer join rates
        on
            earned.currency = rates.currency
            and earned.issued_on >= rates.applies_from
            and earned.issued_on < coalesce(rates.valid_to, cast('9999-12-31' as date))
),

final as (
    select
        *,
        {{ days_between('earned_from', 'earned_to') }} as line_days,
        {{ periods_per_year('earned_from', 'earned_to') }} as periods_per_year
    from dated
)

select * from final
