-- Grain: one row per account, signal and day on which the signal opened.
-- A signal opens once its measure was at or beyond open_at for open_days in a row, and closes once
-- it was at or beyond close_at for close_days in a row, or missing for missing_days. In between it
-- stays what it is, so it does not flap. The end of the contract closes it. What has been so for
-- standing_days says nothing new any more: the signal closes, and opens again only after a
-- recovery.
{%- set health_measures = health_input_measures() %}
{%- set risk_measures = risk_input_measures() %}

with signals as (
    select
        signal,
        measure,
        open_days,
        close_days,
        missing_days,
        standing_days
    from {{ ref('risk_signals') }}
),

{{ risk_input_ctes(health_measures, risk_measures) }},

runs as (
    select
        runs_of_days.account_id,
        runs_of_days.signal,
        runs_of_days.stretch,
        runs_of_days.verdict,
        runs_of_days.last_day,
        runs_of_days.contract_to,
        signals.measure,
        {{ add_days(
            'runs_of_days.first_day',
            "case runs_of_days.verdict when 'open' then signals.open_days "
            ~ "when 'close' then signals.close_days else signals.missing_days end - 1"
        ) }} as decided_on
    from {{ ref('fct_risk_signal_run') }} as runs_of_days
    inner join signals
        on runs_of_days.signal = signals.signal
    where runs_of_days.verdict in ('open', 'close', 'missing')
),

decisions as (
    select
        account_id,
        signal,
        stretch,
        measure,
        verdict,
        decided_on,
        contract_to,
        (verdict = 'open') as is_opening,
        coalesce(
            lag(verdict) over (
                partition by account_id, signal, stretch
                order by decided_on
            ) = 'open',
            false
        ) as was_open
    from runs
    where decided_on <= last_day
),

-- Only what changes the state: an opening, or the closing of what was open.
turns as (
    select
        account_id,
        signal,
        measure,
        is_opening,
        contract_to,
        decided_on as opened_on,
        lead(decided_on) over (
            partition by account_id, signal, stretch
            order by decided_on
        ) as decided_on,
        lead(verdict) over (
            partition by account_id, signal, stretch
            order by decided_on
        ) as decided_by
    from decisions
    where is_opening <> was_open
),

ended as (
    select
        turns.account_id,
        turns.signal,
        turns.measure,
        turns.opened_on,
        {{ add_days('turns.opened_on', 'signals.standing_days') }} as standing_on,
        case
            when turns.decided_by = 'close' then 'recovered'
            when turns.decided_by = 'missing' then 'no_data'
            when turns.contract_to < {{ as_of_date() }} then 'contract_ended'
        end as closed_by,
        coalesce(
            turns.decided_on,
            case
                when turns.contract_to < {{ as_of_date() }}
                    then {{ add_days('turns.contract_to', 1) }}
            end
        ) as closed_on,
        coalesce(turns.decided_on, turns.contract_to) as last_day
    from turns
    inner join signals
        on turns.signal = signals.signal
    where turns.is_opening
),

flagged as (
    select
        *,
        coalesce(standing_on <= last_day and standing_on is distinct from closed_on, false)
            as is_standing
    from ended
),

spells as (
    select
        account_id,
        signal,
        measure,
        opened_on,
        case when is_standing then 'standing' else closed_by end as closed_by,
        case when is_standing then standing_on else closed_on end as closed_on,
        case when is_standing then standing_on else last_day end as last_day
    from flagged
),

moments as (
    select
        account_id,
        signal,
        opened_on,
        measure,
        'opened' as moment,
        opened_on as date_day
    from spells
    union all
    select
        account_id,
        signal,
        opened_on,
        measure,
        'last' as moment,
        last_day as date_day
    from spells
),

valued as (
    select
        moments.account_id,
        moments.signal,
        moments.opened_on,
        moments.moment,
        {{ value_of_measure('moments.measure', health_measures + risk_measures, 'inputs') }}
            as measured
    from moments
    inner join inputs
        on
            moments.account_id = inputs.account_id
            and moments.date_day = inputs.date_day
),

known_values as (
    select
        account_id,
        signal,
        opened_on,
        max(case when moment = 'opened' then measured end) as opened_value,
        max(case when moment = 'last' then measured end) as last_value
    from valued
    group by
        account_id,
        signal,
        opened_on
),

final as (
    select
        spells.account_id,
        spells.signal,
        spells.opened_on,
        spells.closed_on,
        (spells.closed_on is null) as is_open,
        cast(spells.closed_by as varchar) as closed_by,
        spells.last_day,
        known_values.opened_value,
        known_values.last_value
    from spells
    inner join known_values
        on
            spells.account_id = known_values.account_id
            and spells.signal = known_values.signal
            and spells.opened_on = known_values.opened_on
)

select * from final
