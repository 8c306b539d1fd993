-- A survival curve starts at 1 with everybody at risk, never rises, lies within its band, and
-- loses exactly those who churned or were last seen.
{{ config(meta={'dagster': {'ref': {'name': 'mart_survival'}}}) }}

with curves as (
    select
        segment_type,
        segment_value,
        age_months,
        at_risk,
        survival,
        ci_low,
        ci_high,
        churned,
        lag(survival) over curve as previous_survival,
        lag(at_risk - churned) over curve as previous_remaining
    from {{ ref('mart_survival') }}
    window curve as (partition by segment_type, segment_value order by age_months)
)

select
    segment_type,
    segment_value,
    age_months
from curves
where
    survival > coalesce(previous_survival, 1)
    or at_risk > coalesce(previous_remaining, at_risk)
    or churned > at_risk
    or survival < 0
    or survival < ci_low
    or survival > ci_high
    or (age_months = 0 and survival <> 1)
