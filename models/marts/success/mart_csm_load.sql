-- Grain: one row per CSM who holds customers today: how much work the book is.
{% set loads = ['accounts', 'arr_at_risk', 'renewals_due_90d', 'touchpoints_due'] %}

with customers as (
    select
        account_id,
        coalesce(csm_id, 'unassigned') as csm_id,
        csm_name,
        arr,
        cancel_requested_at
    from {{ ref('mart_account_360') }}
    where arr > 0
),

health_today as (
    select
        account_id,
        band
    from {{ ref('fct_account_health_day') }}
    where date_day = {{ as_of_date() }}
),

signals as (
    select
        account_id,
        count_if(severity <> 'low') as serious_signals
    from {{ ref('mart_risk_signals') }}
    where is_open
    group by account_id
),

care as (
    select
        account_id,
        touchpoints_due,
        touchpoints_held
    from {{ ref('fct_account_care_month') }}
    where month = cast({{ dbt.date_trunc('month', as_of_date()) }} as date)
),

worklist as (
    select
        account_id,
        is_overdue
    from {{ ref('mart_cs_worklist') }}
),

renewals as (
    select
        coalesce(csm_id, 'unassigned') as csm_id,
        count(*) as renewals_due_90d,
        sum(atr) as renewals_due_90d_arr
    from {{ ref('mart_renewal_calendar') }}
    where
        outcome = 'pending'
        and days_to_go <= 90
    group by coalesce(csm_id, 'unassigned')
),

judged as (
    select
        customers.*,
        care.touchpoints_due,
        care.touchpoints_held,
        (worklist.account_id is not null) as is_to_do,
        coalesce(worklist.is_overdue, false) as is_overdue,
        {{ is_at_risk(
            'customers.cancel_requested_at', 'health_today.band', 'signals.serious_signals'
        ) }} as is_at_risk
    from customers
    left outer join health_today
        on customers.account_id = health_today.account_id
    left outer join signals
        on customers.account_id = signals.account_id
    left outer join care
        on customers.account_id = care.account_id
    left outer join worklist
        on customers.account_id = worklist.account_id
),

books as (
    select
        csm_id,
        csm_name,
        count(*) as accounts,
        sum(arr) as arr,
        count_if(is_at_risk) as accounts_at_risk,
        sum(case when is_at_risk then arr else 0 end) as arr_at_risk,
        sum(case when is_at_risk is null then arr else 0 end) as arr_risk_unknown,
        count_if(is_to_do) as accounts_to_do,
        count_if(is_overdue) as accounts_overdue,
        sum(touchpoints_due) as touchpoints_due,
        sum(touchpoints_held) as touchpoints_held
    from judged
    group by
        csm_id,
        csm_name
),

loaded as (
    select
        books.*,
        coalesce(renewals.renewals_due_90d, 0) as renewals_due_90d,
        coalesce(renewals.renewals_due_90d_arr, 0) as renewals_due_90d_arr
    from books
    left outer join renewals
        on books.csm_id = renewals.csm_id
),

-- Accounts that nobody holds are no colleague's work.
team as (
    select
        {{ each_column(loads, 'median(@) as @') }}
    from loaded
    where csm_id <> 'unassigned'
),

final as (
    select
        loaded.csm_id,
        loaded.csm_name,
        cast(loaded.accounts as bigint) as accounts,
        cast(loaded.arr as decimal(18, 2)) as arr,
        cast(loaded.accounts_at_risk as bigint) as accounts_at_risk,
        cast(loaded.arr_at_risk as decimal(18, 2)) as arr_at_risk,
        cast(loaded.arr_risk_unknown as decimal(18, 2)) as arr_risk_unknown,
        cast(loaded.renewals_due_90d as bigint) as renewals_due_90d,
        cast(loaded.renewals_due_90d_arr as decimal(18, 2)) as renewals_due_90d_arr,
        cast(loaded.touchpoints_due as bigint) as touchpoints_due,
        cast(loaded.touchpoints_held as bigint) as touchpoints_held,
        cast(loaded.accounts_to_do as bigint) as accounts_to_do,
        cast(loaded.accounts_overdue as bigint) as accounts_overdue,
        {{ each_column(
            loads,
            "case when loaded.csm_id <> 'unassigned'"
            ~ " then cast(loaded.@ / nullif(team.@, 0) as double) end as @_of_median"
        ) }},
        {{ as_of_date() }} as as_of_date
    from loaded
    cross join team
)

select * from final
