-- Grain: one row per account, risk signal and day on which it opened.
with spells as (
    select
        account_id,
        signal,
        opened_on,
        closed_on,
        closed_by,
        is_open,
        opened_value,
        last_value
    from {{ ref('fct_risk_signal_spell') }}
),

signals as (
    select
        signal,
        requirement,
        label,
        severity,
        playbook,
        unit,
        sentence,
        open_at,
        close_at
    from {{ ref('risk_signals') }}
),

accounts as (
    select
        account_id,
        account_name,
        segment,
        csm_id,
        csm_name
    from {{ ref('dim_account') }}
),

account_months as (
    select
        account_id,
        month,
        opening_arr
    from {{ ref('fct_account_month') }}
),

revenue as (
    select
        account_id,
        arr
    from {{ ref('fct_account_revenue') }}
),

steps as (
    select
        account_id,
        signal,
        opened_on,
        step,
        step_number,
        first_on,
        last_on,
        times
    from {{ ref('fct_risk_signal_step') }}
),

progress as (
    select
        account_id,
        signal,
        opened_on,
        max_by(step, step_number) as workflow_state,
        max_by(first_on, step_number) as workflow_on,
        max(case when step = 'assessment' then last_on end) as last_touchpoint_on,
        max(case when step = 'assessment' then times end) as touchpoints
    from steps
    group by
        account_id,
        signal,
        opened_on
),

arrs as (
    select
        spells.account_id,
        spells.signal,
        spells.opened_on,
        cast(
            coalesce(
                case when spells.is_open then revenue.arr else account_months.opening_arr end, 0
            ) as decimal(18, 2)
        ) as arr
    from spells
    left outer join revenue
        on spells.account_id = revenue.account_id
    left outer join account_months
        on
            spells.account_id = account_months.account_id
            and cast({{ dbt.date_trunc('month', 'spells.closed_on') }} as date)
            = account_months.month
),

final as (
    select
        spells.account_id,
        accounts.account_name,
        accounts.segment,
        spells.signal,
        cast(signals.label as varchar) as label,
        cast(signals.requirement as varchar) as requirement,
        spells.opened_on,
        spells.closed_on,
        spells.is_open,
        spells.closed_by,
        cast(
            {{ days_between(
                'spells.opened_on', 'coalesce(spells.closed_on, ' ~ as_of_date() ~ ')'
            ) }} as bigint
        ) as days_open,
        cast(
            replace(
                signals.sentence,
                '{value}',
                {{ written_value('spells.opened_value', 'signals.unit') }}
            ) as varchar
        ) as evidence,
        spells.opened_value as evidence_value,
        spells.last_value,
        cast(signals.open_at as double) as threshold,
        cast(signals.close_at as double) as closes_at,
        cast(signals.severity as varchar) as severity,
        arrs.arr,
        cast(case when signals.severity = 'low' then 0 else arrs.arr end as decimal(18, 2))
            as arr_at_risk,
        accounts.csm_id as owner,
        accounts.csm_name as owner_name,
        cast(signals.playbook as varchar) as playbook,
        cast(coalesce(progress.workflow_state, 'new') as varchar) as workflow_state,
        coalesce(progress.workflow_on, spells.opened_on) as workflow_on,
        progress.last_touchpoint_on,
        cast(coalesce(progress.touchpoints, 0) as bigint) as touchpoints
    from spells
    inner join signals
        on spells.signal = signals.signal
    left outer join accounts
        on spells.account_id = accounts.account_id
    inner join arrs
        on
            spells.account_id = arrs.account_id
            and spells.signal = arrs.signal
            and spells.opened_on = arrs.opened_on
    left outer join progress
        on
            spells.account_id = progress.account_id
            and spells.signal = progress.signal
            and spells.opened_on = progress.opened_on
)

select * from final
