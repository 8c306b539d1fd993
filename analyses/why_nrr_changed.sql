-- Why NRR is another in one month than in an earlier one: what each account adds to the change, by
-- what happened to it in the twelve months of either window. Rates have their own openings below
-- the line, so an account can matter by what it did, by entering or leaving the cohort, and by the
-- size of the cohort around it. effect_on_change adds up to nrr_now - nrr_then over all rows.
-- Run: csw query why_nrr_changed
-- The months are the last complete one and the one before it; others:
--   --set nrr_month=2025-12 --set nrr_earlier_month=2024-12
with months as (
    select max(month) as month
    from {{ ref('fct_account_month') }}
    where
        is_complete
        and month = {{ month_asked('nrr_month', 'month') }}
),

windows as (
    select
        'now' as what,
        month
    from months
    union all
    select
        'then' as what,
        {{ month_asked('nrr_earlier_month', dbt.dateadd('month', -1, 'month')) }} as month
    from months
),

members as (
    select
        windows.what,
        windows.month,
        retention.account_id,
        retention.opening_arr,
        retention.retained_arr,
        sum(retention.opening_arr) over (partition by windows.what) as cohort_arr
    from windows
    inner join {{ ref('fct_account_retention_month') }} as retention
        on windows.month = retention.month
),

movements as (
    select
        members.what,
        members.account_id,
        sum(account_months.new_arr) as new_arr,
        sum(account_months.expansion_arr) as expansion_arr,
        sum(account_months.contraction_arr) as contraction_arr,
        sum(account_months.churn_arr) as churn_arr,
        sum(account_months.reactivation_arr) as reactivation_arr
    from members
    inner join {{ ref('fct_account_month') }} as account_months
        on
            members.account_id = account_months.account_id
            and members.month >= account_months.month
            and cast({{ dbt.dateadd('month', -11, 'members.month') }} as date)
            <= account_months.month
    group by
        members.what,
        members.account_id
),

classified as (
    {%- for movement in ['new', 'expansion', 'contraction', 'churn', 'reactivation'] %}
    select
        members.what,
        members.account_id,
        '{{ movement }}' as movement,
        movements.{{ movement }}_arr as change_arr,
        movements.{{ movement }}_arr / members.cohort_arr as effect
    from members
    inner join movements
        on
            members.what = movements.what
            and members.account_id = movements.account_id
    union all
    {%- endfor %}
    -- What no movement of the account itself explains: what an account that merged into it did
    -- before the merge, and rates of exchange.
    select
        members.what,
        members.account_id,
        'merge or fx' as movement,
        members.retained_arr - members.opening_arr
        - coalesce(
            movements.new_arr + movements.expansion_arr + movements.contraction_arr
            + movements.churn_arr + movements.reactivation_arr,
            0
        ) as change_arr,
        (
            members.retained_arr - members.opening_arr
            - coalesce(
                movements.new_arr + movements.expansion_arr + movements.contraction_arr
                + movements.churn_arr + movements.reactivation_arr,
                0
            )
        ) / members.cohort_arr as effect
    from members
    left outer join movements
        on
            members.what = movements.what
            and members.account_id = movements.account_id
),

compared as (
    select
        account_id,
        movement,
        coalesce(sum(case when what = 'then' then change_arr end), 0) as change_then,
        coalesce(sum(case when what = 'now' then change_arr end), 0) as change_now,
        coalesce(sum(case when what = 'then' then effect end), 0) as effect_then,
        coalesce(sum(case when what = 'now' then effect end), 0) as effect_now
    from classified
    group by
        account_id,
        movement
),

cohorts as (
    select
        account_id,
        case
            when count(*) = 2 then 'in both'
            when min(what) = 'now' then 'joined'
            else 'left'
        end as cohort
    from members
    group by account_id
),

rates as (
    select
        sum(case when what = 'then' then retained_arr end)
        / sum(case when what = 'then' then opening_arr end) as nrr_then,
        sum(case when what = 'now' then retained_arr end)
        / sum(case when what = 'now' then opening_arr end) as nrr_now
    from members
),

accounts as (
    select
        account_id,
        account_name
    from {{ ref('dim_account') }}
),

final as (
    select
        compared.account_id,
        accounts.account_name,
        cohorts.cohort,
        compared.movement,
        compared.change_then,
        compared.change_now,
        compared.effect_then,
        compared.effect_now,
        compared.effect_now - compared.effect_then as effect_on_change,
        rates.nrr_then,
        rates.nrr_now,
        rates.nrr_now - rates.nrr_then as nrr_change
    from compared
    inner join cohorts
        on compared.account_id = cohorts.account_id
    left outer join accounts
        on compared.account_id = accounts.account_id
    cross join rates
    -- Without a rate for both months there is no change to explain.
    where
        rates.nrr_then is not null
        and rates.nrr_now is not null
        and (
            compared.change_then <> 0
            or compared.change_now <> 0
        )
)

select *
from final
order by abs(effect_on_change) desc, account_id asc, movement asc
