-- Every cut of the pipeline adds up to the terms of the calendar that end within a year; what is at
-- risk, has given notice or has no rate is part of what is pending.
{{ config(meta={'dagster': {'ref': {'name': 'mart_renewal_pipeline'}}}) }}

with calendar as (
    select
        count(*) as terms,
        sum(atr) as atr,
        sum(case when outcome = 'pending' then atr else 0 end) as open_atr
    from {{ ref('mart_renewal_calendar') }}
    where days_to_go between 1 and 365
),

cuts as (
    select
        segment_type,
        sum(terms) as terms,
        sum(atr) as atr,
        sum(open_atr) as open_atr,
        count_if(
            at_risk_arr + risk_unknown_arr > open_atr
            or notice_arr > at_risk_arr
            or unrated_atr > open_atr
            or expected_of_rated > atr
            or expected <> expected_of_rated
            or prepared_terms + unprepared_terms > open_terms
        ) as wrong_cells
    from {{ ref('mart_renewal_pipeline') }}
    group by segment_type
)

select
    cuts.segment_type,
    cuts.terms,
    cuts.atr,
    cuts.open_atr,
    cuts.wrong_cells
from cuts
cross join calendar
where
    cuts.terms <> calendar.terms
    or cuts.atr <> calendar.atr
    or cuts.open_atr <> calendar.open_atr
    or cuts.wrong_cells > 0
