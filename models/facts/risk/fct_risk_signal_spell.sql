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

{{ signal_spell_ctes(health_measures + risk_measures) }}

select * from final
