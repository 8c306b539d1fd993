{#
    How active an account is, against the least we expect: the better of its logins (user-days in
    28 days) and its key-feature activation, each as a share of that least. At most 1 is low
    activity: both are too small. Null when neither is known.
#}
{% macro activity_index(logins, activation) -%}
    case
        when {{ logins }} is null
            then {{ activation }} / {{ var('low_activity_activation') }}
        when {{ activation }} is null
            then {{ logins }} / {{ var('low_activity_logins') }}
        else
            greatest(
                {{ logins }} / {{ var('low_activity_logins') }},
                {{ activation }} / {{ var('low_activity_activation') }}
            )
    end
{%- endmacro %}


{# The measures of fct_account_risk_input_day. #}
{% macro risk_input_measures() -%}
    {{- return(contract_columns('fct_account_risk_input_day', 'double')) -}}
{%- endmacro %}


{# The value of the measure whose name `measure` holds, in a relation with all of `measures`. #}
{% macro value_of_measure(measure, measures, relation) -%}
    case {{ measure }}
        {%- for name in measures %}
            when '{{ name }}' then {{ relation }}.{{ name }}
        {%- endfor %}
            else cast(null as double)
        end
{%- endmacro %}


{# CTE `inputs` and those it needs: account_id, date_day and every measure of health and risk. #}
{% macro risk_input_ctes(health_measures, risk_measures) -%}
health_inputs as (
    select
        {{ (['account_id', 'date_day'] + health_measures) | join(',\n        ') }}
    from {{ ref('fct_account_health_input_day') }}
),

risk_inputs as (
    select
        {{ (['account_id', 'date_day'] + risk_measures) | join(',\n        ') }}
    from {{ ref('fct_account_risk_input_day') }}
),

inputs as (
    select
        {{ each_column(['account_id', 'date_day'] + health_measures, 'health_inputs.@') }},
        {{ each_column(risk_measures, 'risk_inputs.@') }}
    from health_inputs
    left outer join risk_inputs
        on
            health_inputs.account_id = risk_inputs.account_id
            and health_inputs.date_day = risk_inputs.date_day
)
{%- endmacro %}


{#
    At risk: notice was given, the computed health is red, or a signal of more than low severity is
    open. Null where nothing warns and the health is not known: it is not said to be well.
#}
{% macro is_at_risk(notice, band, serious_signals) -%}
    case
        when {{ notice }} is not null or {{ band }} = 'red' or {{ serious_signals }} > 0 then true
        when {{ band }} <> 'unknown' then false
    end
{%- endmacro %}


{#
    CTE `final` and those it needs: the spells of the signals of the CTE `signals` (signal, measure,
    open_days, close_days, missing_days, standing_days), from fct_signal_run and the CTE `inputs` of
    risk_input_ctes.
#}
{% macro signal_spell_ctes(measures) -%}
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
    from {{ ref('fct_signal_run') }} as runs_of_days
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
        {{ value_of_measure('moments.measure', measures, 'inputs') }}
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
{%- endmacro %}
