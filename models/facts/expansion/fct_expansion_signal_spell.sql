-- Grain: one row per account, expansion signal and day on which the signal opened.
-- Opened and closed as the risk signals are (fct_risk_signal_spell), by seed expansion_signals. An
-- account whose measure is not known has no signal, and is not said to have none.
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
    from {{ ref('expansion_signals') }}
),

{{ risk_input_ctes(health_measures, risk_measures) }},

{{ signal_spell_ctes(health_measures + risk_measures) }}

select * from final
