-- Grain: one row per account with an open risk signal, the most ARR at risk first.
with open_signals as (
    select
        account_id,
        account_name,
        segment,
        signal,
        label,
        opened_on,
        evidence,
        severity,
        arr,
        arr_at_risk,
        owner,
        owner_name,
        playbook,
        workflow_state,
        last_touchpoint_on,
        case severity when 'critical' then 1 when 'high' then 2 when 'medium' then 3 else 4 end
            as severity_number
    from {{ ref('mart_risk_signals') }}
    where is_open
),

playbooks as (
    select
        playbook,
        title,
        first_action,
        follow_up,
        due_in_days,
        follow_up_in_days
    from {{ ref('playbooks') }}
),

subscriptions as (
    select
        account_id,
        min(case when term_end > {{ as_of_date() }} then term_end end) as renewal_on
    from {{ ref('fct_subscription') }}
    where is_active
    group by account_id
),

health as (
    select
        account_id,
        displayed_score,
        displayed_band
    from {{ ref('fct_account_health_day') }}
    where date_day = {{ as_of_date() }}
),

ordered as (
    select
        *,
        max(arr_at_risk) over (partition by account_id) as account_arr_at_risk,
        count(*) over (partition by account_id) as signals_open,
        min(opened_on) over (partition by account_id) as first_opened_on,
        row_number() over (
            partition by account_id
            order by severity_number asc, opened_on desc, signal asc
        ) as signal_number
    from open_signals
),

planned as (
    select
        ordered.account_id,
        ordered.account_name,
        ordered.segment,
        ordered.signal,
        ordered.label,
        ordered.evidence,
        ordered.severity,
        ordered.severity_number,
        ordered.opened_on,
        ordered.first_opened_on,
        ordered.signals_open,
        ordered.arr,
        ordered.account_arr_at_risk as arr_at_risk,
        ordered.owner,
        ordered.owner_name,
        ordered.workflow_state,
        playbooks.playbook,
        playbooks.title,
        case
            when ordered.workflow_state = 'new' then playbooks.first_action
            else playbooks.follow_up
        end as next_action,
        case
            when ordered.workflow_state = 'new'
                then {{ add_days('ordered.opened_on', 'playbooks.due_in_days') }}
            else {{ add_days('ordered.last_touchpoint_on', 'playbooks.follow_up_in_days') }}
        end as due_on
    from ordered
    left outer join playbooks
        on ordered.playbook = playbooks.playbook
    where ordered.signal_number = 1
),

final as (
    select
        planned.account_id,
        planned.account_name,
        planned.segment,
        row_number() over (
            order by
                planned.arr_at_risk desc,
                planned.severity_number asc,
                planned.due_on asc,
                planned.account_id asc
        ) as rank,
        planned.arr_at_risk,
        planned.arr,
        planned.signal as top_signal,
        planned.label as top_signal_label,
        planned.severity,
        planned.evidence,
        planned.opened_on,
        planned.first_opened_on,
        planned.signals_open,
        planned.workflow_state,
        cast(planned.playbook as varchar) as playbook,
        cast(planned.title as varchar) as playbook_title,
        cast(planned.next_action as varchar) as next_action,
        planned.due_on,
        (planned.due_on < {{ as_of_date() }}) as is_overdue,
        planned.owner,
        planned.owner_name,
        subscriptions.renewal_on,
        cast(health.displayed_score as double) as health_score,
        health.displayed_band as health_band
    from planned
    left outer join subscriptions
        on planned.account_id = subscriptions.account_id
    left outer join health
        on planned.account_id = health.account_id
)

select * from final
