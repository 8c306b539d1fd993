-- Grain: one row per account and month of int_arr_account_month: what the account was like.
-- Taken at the opening of the month; at its close for an account that opens without ARR. So a
-- rate's segment is the segment the ARR was in before the month changed it. Plan and product are
-- those of the line with the highest ARR that day, null without ARR.
{{ config(materialized='view') }}

with account_months as (
    select
        account_id,
        month,
        cohort_month,
        case
            when opening_arr > 0
                then lag(snapshot_on) over (partition by account_id order by month)
            else snapshot_on
        end as attributes_on
    from {{ ref('int_arr_account_month') }}
),

account_history as (
    select
        account_id,
        valid_from,
        valid_to,
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

intervals as (
    select
        source_system,
        account_id,
        subscription_item_id,
        product_id,
        plan_id,
        valid_from,
        valid_to,
        arr
    from {{ ref('int_arr_line_intervals') }}
    where arr > 0
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

largest_lines as (
    select
        account_months.account_id,
        account_months.month,
        intervals.source_system,
        intervals.product_id,
        intervals.plan_id
    from account_months
    inner join intervals
        on
            account_months.account_id = intervals.account_id
            and account_months.attributes_on >= intervals.valid_from
            and account_months.attributes_on
            < coalesce(intervals.valid_to, cast('9999-12-31' as date))
    qualify
        row_number() over (
            partition by account_months.account_id, account_months.month
            order by intervals.arr desc, intervals.subscription_item_id asc
        ) = 1
),

final as (
    select
        account_months.account_id,
        account_months.month,
        account_history.segment,
        account_history.region,
        account_history.country,
        account_history.industry,
        account_history.csm_id,
        size_bands.size_band,
        coalesce(plans.plan_name, largest_lines.plan_id) as plan,
        coalesce(products.product_name, largest_lines.product_id) as product,
        cast(extract(year from account_months.cohort_month) as varchar) as start_year
    from account_months
    left outer join account_history
        on
            account_months.account_id = account_history.account_id
            and account_months.attributes_on >= account_history.valid_from
            and account_months.attributes_on
            < coalesce(account_history.valid_to, cast('9999-12-31' as date))
    left outer join size_bands
        on
            account_history.employee_count >= size_bands.min_employees
            and account_history.employee_count
            <= coalesce(size_bands.max_employees, account_history.employee_count)
    left outer join largest_lines
        on
            account_months.account_id = largest_lines.account_id
            and account_months.month = largest_lines.month
    left outer join products
        on
            largest_lines.source_system = products.source_system
            and largest_lines.product_id = products.product_id
    left outer join plans
        on
            largest_lines.source_system = plans.source_system
            and largest_lines.plan_id = plans.plan_id
)

select * from final
