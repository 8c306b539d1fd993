-- Grain: one row per account and month of fct_account_month: who held it, and what care it had.
-- What is due is told by seed touchpoint_cadence, for days on which the account has ARR. What was
-- held in months before the first touchpoint of anybody is not known, nor are escalations before
-- the first ticket.
with account_months as (
    select
        account_id,
        month,
        snapshot_on,
        is_complete,
        closing_arr
    from {{ ref('fct_account_month') }}
),

csm_spells as (
    select
        account_id,
        valid_from,
        coalesce(valid_to, cast('9999-12-31' as date)) as valid_to,
        csm_id
    from {{ ref('int_crm_account_history') }}
),

lines as (
    select
        account_id,
        valid_from,
        coalesce(valid_to, cast('9999-12-31' as date)) as valid_to,
        arr
    from {{ ref('int_arr_line_intervals') }}
),

cadence as (
    select
        kind,
        after_day,
        until_day,
        every_days
    from {{ ref('touchpoint_cadence') }}
),

touchpoints as (
    select
        account_id,
        cast({{ dbt.date_trunc('month', 'occurred_at') }} as date) as month,
        is_review
    from {{ ref('fct_touchpoint') }}
    where is_held
),

support_days as (
    select
        account_id,
        date_day,
        escalated_open
    from {{ ref('fct_account_support_day') }}
),

starts as (
    select
        account_id,
        min(valid_from) as started_on
    from lines
    where
        arr > 0
        and account_id <> 'unassigned'
    group by account_id
),

steps as (
    select
        starts.account_id,
        starts.started_on,
        cadence.kind,
        cadence.after_day,
        cadence.every_days,
        {{ integer_series(
            '1',
            'cast(floor((least(' ~ days_between('starts.started_on', as_of_date())
            ~ ', coalesce(cadence.until_day, 99999)) - cadence.after_day)'
            ~ ' / cast(cadence.every_days as double)) as integer)'
        ) }} as step
    from starts
    cross join cadence
),

due_days as (
    select
        account_id,
        kind,
        cast({{ dbt.dateadd('day', 'after_day + step * every_days', 'started_on') }} as date)
            as due_on
    from steps
),

due_with_arr as (
    select
        due_days.account_id,
        due_days.kind,
        due_days.due_on
    from due_days
    inner join lines
        on
            due_days.account_id = lines.account_id
            and due_days.due_on >= lines.valid_from
            and due_days.due_on < lines.valid_to
    group by
        due_days.account_id,
        due_days.kind,
        due_days.due_on
    having sum(lines.arr) > 0
),

due as (
    select
        account_id,
        cast({{ dbt.date_trunc('month', 'due_on') }} as date) as month,
        count_if(kind = 'touchpoint') as touchpoints_due,
        count_if(kind = 'qbr') as qbrs_due
    from due_with_arr
    group by
        account_id,
        cast({{ dbt.date_trunc('month', 'due_on') }} as date)
),

held as (
    select
        account_id,
        month,
        count(*) as touchpoints_held,
        count_if(is_review) as qbrs_held
    from touchpoints
    group by
        account_id,
        month
),

final as (
    select
        account_months.account_id,
        account_months.month,
        account_months.snapshot_on,
        account_months.is_complete,
        account_months.closing_arr,
        csm_spells.csm_id,
        cast(coalesce(due.touchpoints_due, 0) as bigint) as touchpoints_due,
        cast(coalesce(due.qbrs_due, 0) as bigint) as qbrs_due,
        {%- for measure in ['touchpoints_held', 'qbrs_held'] %}
        cast(
            case
                when account_months.month >= (select min(told.month) from touchpoints as told)
                    then coalesce(held.{{ measure }}, 0)
            end as bigint
        ) as {{ measure }},
        {%- endfor %}
        cast(
            case
                when
                    account_months.snapshot_on
                    >= (select min(told.date_day) from support_days as told)
                    then coalesce(support_days.escalated_open, 0)
            end as bigint
        ) as escalations_open
    from account_months
    left outer join csm_spells
        on
            account_months.account_id = csm_spells.account_id
            and account_months.snapshot_on >= csm_spells.valid_from
            and account_months.snapshot_on < csm_spells.valid_to
    left outer join due
        on
            account_months.account_id = due.account_id
            and account_months.month = due.month
    left outer join held
        on
            account_months.account_id = held.account_id
            and account_months.month = held.month
    left outer join support_days
        on
            account_months.account_id = support_days.account_id
            and account_months.snapshot_on = support_days.date_day
)

select * from final
