-- Grain: one row per month, segment_type and segment_value.
-- The opening of the twelve-month rates is twelve months before `month`, and so is the segment; of
-- the quarterly ones three months.
with members as (
    select
        month,
        is_complete,
        is_logo,
        is_retained,
        opening_arr,
        retained_arr,
        retained_arr_capped,
        0 as quarter_opening_arr,
        0 as quarter_retained_arr,
        0 as quarter_retained_arr_capped,
        {{ each_column(segment_columns().values(), '@') }}
    from {{ ref('fct_account_retention_month') }}
    union all
    select
        month,
        is_complete,
        false as is_logo,
        false as is_retained,
        0 as opening_arr,
        0 as retained_arr,
        0 as retained_arr_capped,
        opening_arr as quarter_opening_arr,
        retained_arr as quarter_retained_arr,
        retained_arr_capped as quarter_retained_arr_capped,
        {{ each_column(segment_columns().values(), '@') }}
    from {{ ref('fct_account_retention_3m') }}
),

cohorts as (
    select
        month,
        is_complete,
        {{ segment_keys() }},
        count_if(is_logo) as opening_accounts,
        count_if(is_logo and is_retained) as retained_accounts,
        sum(opening_arr) as opening_arr,
        sum(retained_arr) as retained_arr,
        sum(retained_arr_capped) as retained_arr_capped,
        cast(sum(quarter_retained_arr) / nullif(sum(quarter_opening_arr), 0) as double)
            as nrr_quarterly,
        cast(sum(quarter_retained_arr_capped) / nullif(sum(quarter_opening_arr), 0) as double)
            as grr_quarterly
    from members
    group by {{ segment_grouping_sets(['month', 'is_complete']) }}
),

bridges as (
    select
        month,
        segment_type,
        segment_value,
        is_complete,
        opening_arr,
        expansion_arr,
        contraction_arr,
        churn_arr,
        reactivation_arr
    from {{ ref('mart_arr_bridge_monthly') }}
),

joined as (
    select
        coalesce(bridges.month, cohorts.month) as month,
        coalesce(bridges.segment_type, cohorts.segment_type) as segment_type,
        coalesce(bridges.segment_value, cohorts.segment_value) as segment_value,
        coalesce(bridges.is_complete, cohorts.is_complete) as is_complete,
        coalesce(cohorts.opening_accounts, 0) as opening_accounts,
        coalesce(cohorts.retained_accounts, 0) as retained_accounts,
        coalesce(cohorts.opening_arr, 0) as opening_arr,
        coalesce(cohorts.retained_arr, 0) as retained_arr,
        coalesce(cohorts.retained_arr_capped, 0) as retained_arr_capped,
        cohorts.nrr_quarterly,
        cohorts.grr_quarterly,
        bridges.opening_arr as month_opening_arr,
        coalesce(bridges.churn_arr, 0) + coalesce(bridges.contraction_arr, 0) as month_lost_arr,
        coalesce(bridges.expansion_arr, 0)
        + coalesce(bridges.reactivation_arr, 0) as month_gained_arr
    from bridges
    full outer join cohorts
        on
            bridges.month = cohorts.month
            and bridges.segment_type = cohorts.segment_type
            and bridges.segment_value = cohorts.segment_value
),

first_months as (
    select min(month) as first_month
    from bridges
),

rolled as (
    select
        joined.*,
        -- Twelve full cohorts exist once the data reach back two years.
        {{ months_between('first_months.first_month', 'joined.month') }} >= 23
            as has_twelve_cohorts,
        sum(joined.opening_arr) over twelve_months as opening_arr_12m,
        sum(joined.retained_arr) over twelve_months as retained_arr_12m,
        sum(joined.retained_arr_capped) over twelve_months as retained_arr_capped_12m,
        sum(joined.month_lost_arr + joined.month_gained_arr) over twelve_months as bridged_arr_12m
    from joined
    cross join first_months
    window twelve_months as (
        partition by joined.segment_type, joined.segment_value
        order by joined.month
        range between interval '11' month preceding and current row
    )
),

final as (
    select
        month,
        segment_type,
        segment_value,
        cast(opening_accounts as bigint) as opening_accounts,
        cast(retained_accounts as bigint) as retained_accounts,
        cast(opening_arr as decimal(18, 2)) as opening_arr,
        cast(retained_arr as decimal(18, 2)) as retained_arr,
        cast(retained_arr_capped as decimal(18, 2)) as retained_arr_capped,
        cast(retained_arr / nullif(opening_arr, 0) as double) as nrr,
        cast(retained_arr_capped / nullif(opening_arr, 0) as double) as grr,
        cast(retained_accounts as double) / nullif(opening_accounts, 0) as logo_retention,
        case
            when has_twelve_cohorts
                then cast(retained_arr_12m / nullif(opening_arr_12m, 0) as double)
        end as nrr_trailing_12m,
        case
            when has_twelve_cohorts
                then cast(retained_arr_capped_12m / nullif(opening_arr_12m, 0) as double)
        end as grr_trailing_12m,
        nrr_quarterly,
        grr_quarterly,
        cast(-month_lost_arr / nullif(month_opening_arr, 0) as double)
            as gross_mrr_churn_monthly,
        cast(-(month_lost_arr + month_gained_arr) / nullif(month_opening_arr, 0) as double)
            as net_mrr_churn_monthly,
        cast((opening_arr + bridged_arr_12m) / nullif(opening_arr, 0) as double) as nrr_bridge,
        is_complete,
        '{{ metric_policy() }}' as metric_policy
    from rolled
)

select * from final
