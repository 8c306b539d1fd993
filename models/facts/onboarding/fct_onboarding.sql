-- Grain: one row per account that ever was a customer: its first days, milestones and first value.
-- First value is the first day on which it used a key feature. Of who began before the first such
-- day of the whole company it is not known.
with accounts as (
    select
        account_id,
        started_on,
        {{ add_days('started_on', 30) }} as judged_on
    from {{ ref('dim_account') }}
    where started_on <= {{ as_of_date() }}
),

account_months as (
    select
        account_id,
        month,
        {{ each_column(segment_columns().values(), '@') }}
    from {{ ref('fct_account_month') }}
),

health_days as (
    select
        account_id,
        date_day,
        milestones_due,
        milestones_done
    from {{ ref('fct_account_health_input_day') }}
),

milestones as (
    select
        account_id,
        count(*) as milestones,
        count(completed_at) as milestones_done,
        cast(max(completed_at) as date) as last_done_on,
        first(milestone order by due_at nulls last, milestone)
        filter (where completed_at is null) as next_milestone,
        cast(min(due_at) filter (where completed_at is null) as date) as next_due_on
    from {{ ref('int_crm_milestones') }}
    group by account_id
),

lines as (
    select
        account_id,
        least(max(coalesce(valid_to, {{ as_of_date() }})), {{ as_of_date() }}) as paid_until
    from {{ ref('fct_arr_line') }}
    where arr > 0
    group by account_id
),

usage_days as (
    select
        account_id,
        usage_date,
        key_features_active_28d
    from {{ ref('fct_account_usage_day') }}
),

first_values as (
    select
        accounts.account_id,
        min(usage_days.usage_date) as first_value_on
    from accounts
    inner join usage_days
        on
            accounts.account_id = usage_days.account_id
            and accounts.started_on <= usage_days.usage_date
    where usage_days.key_features_active_28d > 0
    group by accounts.account_id
),

known as (
    select min(usage_date) as known_from
    from usage_days
    where key_features_active_28d > 0
),

joined as (
    select
        accounts.account_id,
        accounts.started_on,
        milestones.milestones,
        milestones.milestones_done,
        case when milestones.milestones_done = milestones.milestones then milestones.last_done_on
        end as completed_on,
        milestones.next_milestone,
        milestones.next_due_on,
        {{ days_between('milestones.next_due_on', as_of_date()) }} as days_since_due,
        case
            when health_days.milestones_due > 0
                then health_days.milestones_done >= health_days.milestones_due
        end as is_on_time,
        (accounts.started_on >= known.known_from) as is_value_known,
        first_values.first_value_on,
        {{ days_between('accounts.started_on', 'first_values.first_value_on') }}
            as days_to_first_value,
        {{ days_between('accounts.started_on', 'lines.paid_until') }} as days_paid
    from accounts
    cross join known
    left outer join milestones
        on accounts.account_id = milestones.account_id
    left outer join health_days
        on
            accounts.account_id = health_days.account_id
            and accounts.judged_on = health_days.date_day
    left outer join lines
        on accounts.account_id = lines.account_id
    left outer join first_values
        on accounts.account_id = first_values.account_id
),

final as (
    select
        joined.account_id,
        joined.started_on,
        cast(joined.milestones as bigint) as milestones,
        cast(joined.milestones_done as bigint) as milestones_done,
        joined.completed_on,
        joined.is_on_time,
        joined.next_milestone,
        joined.next_due_on,
        cast(case when joined.days_since_due > 0 then joined.days_since_due end as bigint)
            as days_overdue,
        case when joined.is_value_known then joined.first_value_on end as first_value_on,
        cast(case when joined.is_value_known then joined.days_to_first_value end as bigint)
            as days_to_first_value,
        cast(
            case
                when joined.is_value_known
                    then coalesce(joined.days_to_first_value, joined.days_paid)
            end as bigint
        ) as days_observed,
        {{ each_column(segment_columns().values(), 'account_months.@') }}
    from joined
    left outer join account_months
        on
            joined.account_id = account_months.account_id
            and cast({{ dbt.date_trunc('month', 'joined.started_on') }} as date)
            = account_months.month
)

select * from final
