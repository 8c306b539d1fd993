-- Grain: one row per month, segment_type and segment_value.
-- An existing customer had its first ARR twelve or more months before. Of what it brings, as much
-- as it brought in the same month a year before is renewed, the rest is an additional purchase.
-- Revenue of an account that never had ARR is new.
with revenue as (
    select
        account_id,
        month,
        sum(earned) as revenue
    from {{ ref('fct_revenue_month') }}
    group by
        account_id,
        month
),

account_months as (
    select
        account_id,
        month,
        cohort_month,
        segment,
        plan,
        product,
        region,
        country,
        industry,
        size_band,
        csm_id,
        start_year
    from {{ ref('fct_account_month') }}
),

compared as (
    select
        revenue.account_id,
        revenue.month,
        revenue.revenue,
        account_months.month
        >= cast({{ dbt.dateadd('month', 12, 'account_months.cohort_month') }} as date)
            as is_existing,
        greatest(coalesce(year_before.revenue, 0), 0) as revenue_year_before,
        account_months.segment,
        account_months.plan,
        account_months.product,
        account_months.region,
        account_months.country,
        account_months.industry,
        account_months.size_band,
        account_months.csm_id,
        account_months.start_year
    from revenue
    left outer join account_months
        on
            revenue.account_id = account_months.account_id
            and revenue.month = account_months.month
    left outer join revenue as year_before
        on
            revenue.account_id = year_before.account_id
            and revenue.month = cast({{ dbt.dateadd('month', 12, 'year_before.month') }} as date)
),

cuts as (
    select
        month,
        {{ segment_keys() }},
        sum(revenue) as revenue,
        sum(case when account_id = 'unassigned' then revenue else 0 end) as unassigned_revenue,
        sum(case when is_existing then 0 else revenue end) as new_revenue,
        sum(case when is_existing then least(revenue, revenue_year_before) else 0 end)
            as renewed_revenue,
        sum(
            case
                when is_existing then revenue - least(revenue, revenue_year_before)
                else 0
            end
        ) as additional_revenue
    from compared
    group by {{ segment_grouping_sets(['month']) }}
),

rolled as (
    select
        *,
        sum(revenue) over twelve_months as revenue_12m,
        sum(renewed_revenue + additional_revenue) over twelve_months as existing_revenue_12m
    from cuts
    window twelve_months as (
        partition by segment_type, segment_value
        order by month
        range between interval '11' month preceding and current row
    )
),

final as (
    select
        month,
        segment_type,
        segment_value,
        cast(revenue as decimal(18, 2)) as revenue,
        cast(unassigned_revenue as decimal(18, 2)) as unassigned_revenue,
        cast(new_revenue as decimal(18, 2)) as new_revenue,
        cast(renewed_revenue as decimal(18, 2)) as renewed_revenue,
        cast(additional_revenue as decimal(18, 2)) as additional_revenue,
        cast(renewed_revenue + additional_revenue as decimal(18, 2)) as existing_revenue,
        cast(
            (renewed_revenue + additional_revenue) / nullif(revenue, 0) as double
        ) as existing_share,
        cast(existing_revenue_12m / nullif(revenue_12m, 0) as double) as existing_share_12m,
        {{ dbt.last_day('month', 'month') }} <= {{ as_of_date() }} as is_complete
    from rolled
)

select * from final
