-- Grain: one row per account and month at whose close something signed had not begun.
-- A contract, or a step up within one. Contracted ARR is what CARR has more than ARR. A month's row
-- is there from the day of signing to the start; attributes are those of fct_account_month, or of
-- the account at the snapshot.
with contracts as (
    select
        source_system,
        account_id,
        subscription_id,
        product_id,
        plan_id,
        starts_on,
        signed_on,
        arr
    from {{ ref('int_arr_contracts_signed') }}
    union all
    select
        source_system,
        account_id,
        subscription_id,
        product_id,
        plan_id,
        starts_on,
        signed_on,
        arr
    from {{ ref('int_arr_steps_signed') }}
),

months as (
    select
        month,
        snapshot_on,
        is_complete
    from {{ ref('int_calendar_months') }}
),

account_history as (
    select
        account_id,
        valid_from,
        coalesce(valid_to, cast('9999-12-31' as date)) as valid_to,
        segment,
        region,
        country,
        industry,
        csm_id,
        employee_count
    from {{ ref('int_crm_account_history') }}
),

size_bands as (
    select
        size_band,
        min_employees,
        max_employees
    from {{ ref('size_bands') }}
),

products as (
    select
        source_system,
        product_id,
        product_name
    from {{ ref('int_billing_products') }}
),

plans as (
    select
        source_system,
        plan_id,
        plan_name
    from {{ ref('int_billing_plans') }}
),

account_months as (
    select
        account_id,
        month,
        {{ each_column(segment_columns().values(), '@') }}
    from {{ ref('fct_account_month') }}
),

contracted as (
    select
        contracts.account_id,
        months.month,
        months.snapshot_on,
        months.is_complete,
        count(distinct contracts.subscription_id) as contracts,
        min(contracts.signed_on) as signed_on,
        min(contracts.starts_on) as starts_on,
        max_by(contracts.source_system, contracts.arr) as source_system,
        max_by(contracts.product_id, contracts.arr) as product_id,
        max_by(contracts.plan_id, contracts.arr) as plan_id,
        sum(contracts.arr) as contracted_arr
    from contracts
    inner join months
        on
            contracts.signed_on <= months.snapshot_on
            and contracts.starts_on > months.snapshot_on
    group by
        contracts.account_id,
        months.month,
        months.snapshot_on,
        months.is_complete
),

described as (
    select
        contracted.*,
        account_history.segment,
        account_history.region,
        account_history.country,
        account_history.industry,
        account_history.csm_id,
        size_bands.size_band,
        coalesce(products.product_name, contracted.product_id) as product,
        coalesce(plans.plan_name, contracted.plan_id) as plan,
        cast(extract(year from contracted.starts_on) as varchar) as start_year
    from contracted
    left outer join account_history
        on
            contracted.account_id = account_history.account_id
            and contracted.snapshot_on >= account_history.valid_from
            and contracted.snapshot_on < account_history.valid_to
    left outer join size_bands
        on
            account_history.employee_count >= size_bands.min_employees
            and account_history.employee_count
            <= coalesce(size_bands.max_employees, account_history.employee_count)
    left outer join products
        on
            contracted.source_system = products.source_system
            and contracted.product_id = products.product_id
    left outer join plans
        on
            contracted.source_system = plans.source_system
            and contracted.plan_id = plans.plan_id
),

final as (
    select
        described.account_id,
        described.month,
        cast(described.contracted_arr as decimal(18, 2)) as contracted_arr,
        cast(described.contracts as bigint) as contracts,
        described.signed_on,
        described.starts_on,
        described.snapshot_on,
        described.is_complete,
        {% for column in segment_columns().values() -%}
        case
            when account_months.account_id is null then described.{{ column }}
            else account_months.{{ column }}
        end as {{ column }},
        {% endfor -%}
        '{{ metric_policy() }}' as metric_policy
    from described
    left outer join account_months
        on
            described.account_id = account_months.account_id
            and described.month = account_months.month
)

select * from final
