-- Grain: one row per account, signal of more than low severity and day it opened: was it a save?
-- A signal that recovered is judged 90 days later, by whether whoever answers for the account then
-- still pays. Who left before it recovered is lost; one that is open for 90 days did not recover,
-- until it does.
with hints as (
    select signal
    from {{ ref('risk_signals') }}
    where severity = 'low'
),

risks as (
    select
        account_id,
        signal,
        opened_on,
        closed_on,
        closed_by,
        {{ add_days('opened_on', 90) }} as overdue_on,
        {{ add_days('closed_on', 90) }} as judged_on
    from {{ ref('fct_risk_signal_spell') }}
    where signal not in (select hints.signal from hints)
),

ownership as (
    select
        account_id,
        owner_account_id,
        valid_from,
        coalesce(valid_to, cast('9999-12-31' as date)) as valid_to
    from {{ ref('int_account_ownership') }}
),

lines as (
    select
        account_id,
        valid_from,
        coalesce(valid_to, cast('9999-12-31' as date)) as valid_to,
        arr
    from {{ ref('fct_arr_line') }}
    where arr > 0
),

account_months as (
    select
        account_id,
        month,
        {{ each_column(segment_columns().values(), '@') }}
    from {{ ref('fct_account_month') }}
),

moments as (
    {% for moment in ['opened_on', 'closed_on', 'judged_on'] -%}
    select
        account_id,
        signal,
        opened_on,
        '{{ moment }}' as moment,
        {{ moment }} as date_day
    from risks
    {%- if not loop.last %}
    union all
    {% endif -%}
    {% endfor %}
),

paid as (
    select
        moments.account_id,
        moments.signal,
        moments.opened_on,
        sum(case when moments.moment = 'opened_on' then lines.arr else 0 end) as arr,
        count_if(moments.moment = 'closed_on') > 0 as paid_when_closed,
        count_if(moments.moment = 'judged_on') > 0 as paid_when_judged
    from moments
    inner join ownership
        on
            moments.account_id = ownership.account_id
            and moments.date_day >= ownership.valid_from
            and moments.date_day < ownership.valid_to
    inner join lines
        on
            ownership.owner_account_id = lines.account_id
            and moments.date_day >= lines.valid_from
            and moments.date_day < lines.valid_to
    group by
        moments.account_id,
        moments.signal,
        moments.opened_on
),

judged as (
    select
        risks.*,
        coalesce(paid.arr, 0) as arr,
        case
            when risks.closed_by = 'recovered' and risks.judged_on > {{ as_of_date() }}
                then 'pending'
            when risks.closed_by = 'recovered'
                then case when paid.paid_when_judged then 'saved' else 'lost' end
            when risks.closed_by = 'contract_ended'
                then case when paid.paid_when_closed then 'merged' else 'lost' end
            when risks.closed_by = 'no_data' then 'no_data'
            when risks.closed_by = 'standing' or risks.overdue_on <= {{ as_of_date() }}
                then 'not_recovered'
            else 'pending'
        end as outcome
    from risks
    left outer join paid
        on
            risks.account_id = paid.account_id
            and risks.signal = paid.signal
            and risks.opened_on = paid.opened_on
),

final as (
    select
        judged.account_id,
        judged.signal,
        judged.opened_on,
        judged.closed_on,
        judged.outcome,
        case
            when judged.outcome in ('pending', 'merged') then null
            when judged.closed_by = 'recovered' then judged.judged_on
            else coalesce(judged.closed_on, judged.overdue_on)
        end as decided_on,
        cast(judged.arr as decimal(18, 2)) as arr,
        {{ each_column(segment_columns().values(), 'account_months.@') }}
    from judged
    left outer join account_months
        on
            judged.account_id = account_months.account_id
            and cast({{ dbt.date_trunc('month', 'judged.opened_on') }} as date)
            = account_months.month
)

select * from final
