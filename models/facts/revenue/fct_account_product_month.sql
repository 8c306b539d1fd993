-- Grain: one row per account, month, billing system, product and plan with ARR at the snapshot.
-- From the contract lines themselves, so that each product has its own ARR. The rows of a month
-- add up to closing_arr of fct_account_month.
with intervals as (
    select
        source_system,
        account_id,
        coalesce(product_id, 'unassigned') as product_id,
        coalesce(plan_id, 'unassigned') as plan_id,
        valid_from,
        coalesce(valid_to, cast('9999-12-31' as date)) as valid_to,
        arr
    from {{ ref('int_arr_line_intervals') }}
),

months as (
    select
        month,
        snapshot_on,
        is_complete
    from {{ ref('int_calendar_months') }}
),

products as (
    select
        source_system,
        product_id,
        product
    from {{ ref('dim_product') }}
),

plans as (
    select
        source_system,
        plan_id,
        plan
    from {{ ref('dim_plan') }}
),

-- The months of each interval first: joined by equality, the snapshot decides.
interval_months as (
    select
        *,
        {{ month_series(
            dbt.date_trunc('month', 'valid_from'), "least(valid_to, " ~ as_of_date() ~ ")"
        ) }} as month
    from intervals
),

snapshots as (
    select
        interval_months.account_id,
        interval_months.month,
        months.is_complete,
        interval_months.source_system,
        interval_months.product_id,
        interval_months.plan_id,
        sum(interval_months.arr) as arr
    from interval_months
    inner join months
        on
            interval_months.month = months.month
            and interval_months.valid_from <= months.snapshot_on
            and interval_months.valid_to > months.snapshot_on
    group by
        interval_months.account_id,
        interval_months.month,
        months.is_complete,
        interval_months.source_system,
        interval_months.product_id,
        interval_months.plan_id
    having sum(interval_months.arr) <> 0
),

owned_products as (
    select
        account_id,
        month,
        source_system,
        product_id
    from snapshots
    where product_id <> 'unassigned'
    group by
        account_id,
        month,
        source_system,
        product_id
    having sum(arr) > 0
),

counts as (
    select
        account_id,
        month,
        count(*) as products
    from owned_products
    group by
        account_id,
        month
),

final as (
    select
        snapshots.account_id,
        cast(snapshots.month as date) as month,
        snapshots.source_system,
        snapshots.product_id,
        snapshots.plan_id,
        coalesce(products.product, snapshots.product_id) as product,
        coalesce(plans.plan, snapshots.plan_id) as plan,
        cast(snapshots.arr as decimal(18, 2)) as closing_arr,
        cast(coalesce(counts.products, 0) as bigint) as products,
        snapshots.is_complete,
        '{{ metric_policy() }}' as metric_policy
    from snapshots
    left outer join products
        on
            snapshots.source_system = products.source_system
            and snapshots.product_id = products.product_id
    left outer join plans
        on
            snapshots.source_system = plans.source_system
            and snapshots.plan_id = plans.plan_id
    left outer join counts
        on
            snapshots.account_id = counts.account_id
            and snapshots.month = counts.month
)

select * from final
