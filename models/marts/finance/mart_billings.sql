-- Grain: one row per month and revenue_kind, `all` for all of them.
-- The identity: billings = revenue + change of deferred revenue - change of unbilled revenue.
{% set measures = [
    'billings', 'revenue', 'deferred_change', 'unbilled_change', 'billings_booked',
    'revenue_booked', 'unassigned_revenue',
] %}

with revenue as (
    select
        month,
        revenue_kind,
        sum(billed) as billings,
        sum(earned) as revenue,
        sum(deferred_change) as deferred_change,
        sum(unbilled_change) as unbilled_change,
        sum(billed_booked) as billings_booked,
        sum(earned_booked) as revenue_booked,
        sum(case when account_id = 'unassigned' then earned else 0 end) as unassigned_revenue
    from {{ ref('fct_revenue_month') }}
    group by
        month,
        revenue_kind
),

revenue_months as (
    select distinct month
    from revenue
),

revenue_kinds as (
    select distinct revenue_kind
    from revenue
),

-- A kind has a row for every month, so that its balances are carried forward.
spine as (
    select
        revenue_months.month,
        revenue_kinds.revenue_kind
    from revenue_months
    cross join revenue_kinds
),

filled as (
    select
        spine.month,
        spine.revenue_kind,
        {{ each_column(measures, 'coalesce(revenue.@, 0) as @') }}
    from spine
    left outer join revenue
        on
            spine.month = revenue.month
            and spine.revenue_kind = revenue.revenue_kind
),

with_total as (
    select
        month,
        revenue_kind,
        {{ measures | join(',\n        ') }}
    from filled
    union all
    select
        month,
        'all' as revenue_kind,
        {{ each_column(measures, 'sum(@) as @') }}
    from filled
    group by month
),

balanced as (
    select
        *,
        sum(deferred_change) over kind_months as closing_deferred,
        sum(unbilled_change) over kind_months as closing_unbilled
    from with_total
    window kind_months as (
        partition by revenue_kind
        order by month
        rows between unbounded preceding and current row
    )
),

final as (
    select
        month,
        revenue_kind,
        cast(billings as decimal(18, 2)) as billings,
        cast(revenue as decimal(18, 2)) as revenue,
        cast(closing_deferred - deferred_change as decimal(18, 2)) as opening_deferred,
        cast(deferred_change as decimal(18, 2)) as deferred_change,
        cast(closing_deferred as decimal(18, 2)) as closing_deferred,
        cast(closing_unbilled - unbilled_change as decimal(18, 2)) as opening_unbilled,
        cast(unbilled_change as decimal(18, 2)) as unbilled_change,
        cast(closing_unbilled as decimal(18, 2)) as closing_unbilled,
        cast(billings_booked as decimal(18, 2)) as billings_booked,
        cast(revenue_booked as decimal(18, 2)) as revenue_booked,
        cast(unassigned_revenue as decimal(18, 2)) as unassigned_revenue,
        {{ dbt.last_day('month', 'month') }} <= {{ as_of_date() }} as is_complete
    from balanced
)

select * from final
