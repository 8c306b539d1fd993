-- An expansion signal watches a measure that exists, leaves room between its limits, and has a name
-- of its own.
{{ config(meta={'dagster': {'ref': {'name': 'expansion_signals'}}}) }}
{%- set measures = (health_input_measures() + risk_input_measures()) | join("', '") %}

select
    signal,
    measure,
    volume_measure,
    direction,
    open_at,
    close_at
from {{ ref('expansion_signals') }}
where
    measure not in ('{{ measures }}')
    or coalesce(volume_measure, measure) not in ('{{ measures }}')
    or (volume_measure is null) <> (volume_at_least is null)
    or open_days < 1
    or close_days < 1
    or missing_days < 1
    or signal in (select risks.signal from {{ ref('risk_signals') }} as risks)
    or (direction = 'above' and open_at <= close_at)
    or (direction = 'below' and open_at >= close_at)
