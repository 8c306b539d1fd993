-- Grain: one row per account that ever had ARR, the unassigned bucket excepted.
-- How long its first stretch as a customer lasted, in whole months from the month of its first
-- ARR: to the first complete month that closes without ARR and without a pause, or, when it is
-- still there (or was merged away), to the last complete month in which it was seen: censored.
with account_months as (
    select
        account_id,
        month,
        cohort_month,
        closing_arr,
        transfer_arr,
        is_paused,
        segment,
        region,
        country,
        industry,
        csm_id,
        size_band,
        plan,
        product,
        start_year
    from {{ ref('fct_account_month') }}
    where
        is_complete
        and account_id <> 'unassigned'
),

exits as (
    select
        account_id,
        min(month) as exit_month,
        min_by(transfer_arr, month) < 0 as is_merged_away
    from account_months
    where
        closing_arr = 0
        and not is_paused
    group by account_id
),

last_seen as (
    select
        account_id,
        max(month) as last_month,
        max_by(closing_arr, month) as closing_arr
    from account_months
    group by account_id
),

starts as (
    select *
    from account_months
    where month = cohort_month
),

final as (
    select
        starts.account_id,
        starts.cohort_month,
        case when not exits.is_merged_away then exits.exit_month end as churn_month,
        coalesce(not exits.is_merged_away, false) as is_churned,
        cast(
            case
                when exits.is_merged_away
                    then {{ months_between('starts.cohort_month', 'exits.exit_month') }} - 1
                else
                    {{ months_between(
                        'starts.cohort_month',
                        'coalesce(exits.exit_month, last_seen.last_month)'
                    ) }}
            end as integer
        ) as duration_months,
        -- How long it could have been seen: the limit of what its leaving early says.
        cast(
            case
                when exits.is_merged_away
                    then {{ months_between('starts.cohort_month', 'exits.exit_month') }} - 1
                else {{ months_between('starts.cohort_month', 'last_seen.last_month') }}
            end as integer
        ) as observable_months,
        cast(starts.closing_arr as decimal(18, 2)) as start_arr,
        cast(last_seen.closing_arr as decimal(18, 2)) as current_arr,
        starts.segment,
        starts.plan,
        starts.product,
        starts.region,
        starts.country,
        starts.industry,
        starts.size_band,
        starts.csm_id,
        starts.start_year
    from starts
    inner join last_seen
        on starts.account_id = last_seen.account_id
    left outer join exits
        on starts.account_id = exits.account_id
)

select * from final
