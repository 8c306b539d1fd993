-- NRR of one month, account by account: what each member of the cohort brought twelve months ago,
-- what it brings now, and what it adds to or takes from the rate.
-- Run: csw query nrr_walk
-- The month is the last complete one; another: --set nrr_month=2025-11
with months as (
    select max(month) as month
    from {{ ref('fct_account_month') }}
    where
        is_complete
        and month = {{ month_asked('nrr_month', 'month') }}
),

members as (
    select
        retention.account_id,
        retention.month,
        retention.opening_arr,
        retention.retained_arr,
        retention.retained_arr_capped
    from {{ ref('fct_account_retention_month') }} as retention
    inner join months
        on retention.month = months.month
),

accounts as (
    select
        account_id,
        account_name
    from {{ ref('dim_account') }}
),

final as (
    select
        members.account_id,
        accounts.account_name,
        members.opening_arr,
        members.retained_arr,
        members.retained_arr - members.opening_arr as change_arr,
        (members.retained_arr - members.opening_arr)
        / sum(members.opening_arr) over () as effect_on_nrr,
        (members.retained_arr_capped - members.opening_arr)
        / sum(members.opening_arr) over () as effect_on_grr
    from members
    left outer join accounts
        on members.account_id = accounts.account_id
)

select *
from final
order by abs(change_arr) desc, account_id
