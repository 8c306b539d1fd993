-- Grain: one row per invoice line, and one per refund: what is earned over which days.
-- Amounts at the plan rate, as ARR is, and at the rate of the day of the invoice. A line without
-- a period of service is earned on the day of the invoice. The account is the one before merges.
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

contracts as (
    select
        source_system,
        subscription_id,
        max(contract_account_id) as account_id
    from {{ ref('int_arr_line_intervals') }}
    group by
        source_system,
        subscription_id
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
        valid_from,
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

dated as (
    select
        united.source_system,
        united.invoice_id,
        united.invoice_line_id,
        united.subscription_id,
        -- A bill follows its contract; one without a contract follows its customer.
        coalesce(contracts.account_id, customers.account_id, 'unassigned')
            as contract_account_id,
        united.product_id,
        united.plan_id,
        united.line_kind,
        united.is_proration,
        united.is_billed,
        united.invoice_status,
        united.issued_on,
        united.amount,
        united.discount_amount,
        united.once_discount_amount,
        united.currency,
        case
            when united.service_end > united.service_start then united.service_start
            else united.issued_on
        end as earned_from,
        case
            when united.service_end > united.service_start then united.service_end
            else cast({{ dbt.dateadd('day', 1, 'united.issued_on') }} as date)
        end as earned_to,
        united.quantity,
        united.full_interval_amount,
        united.billing_interval,
        united.interval_count,
        united.description,
        plan_rates.plan_rate,
        {{ at_rate('united.amount', 'plan_rates.plan_rate') }} as amount_reporting,
        {{ at_rate(
            'united.amount', 'coalesce(rates.rate_to_reporting, plan_rates.plan_rate)'
        ) }} as amount_booked
    from united
    left outer join contracts
        on
            united.source_system = contracts.source_system
            and united.subscription_id = contracts.subscription_id
    left outer join customers
        on
            united.source_system = customers.source_system
            and united.customer_key = customers.system_key
    left outer join plan_rates
        on united.currency = plan_rates.currency
    left outer join rates
        on
            united.currency = rates.currency
            and united.issued_on >= rates.valid_from
            and united.issued_on < coalesce(rates.valid_to, cast('9999-12-31' as date))
),

final as (
    select
        *,
        {{ days_between('earned_from', 'earned_to') }} as line_days,
        {{ periods_per_year('earned_from', 'earned_to') }} as periods_per_year
    from dated
)

select * from final
