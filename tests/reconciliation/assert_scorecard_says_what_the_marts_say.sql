-- Where another mart has the figure of a benchmark, the scorecard has the same in every month.
{{ config(meta={'dagster': {'ref': {'name': 'mart_scorecard'}}}) }}

with scorecard as (
    select
        month,
        benchmark,
        actual
    from {{ ref('mart_scorecard') }}
),

marts as (
    select
        month,
        'logo_retention' as benchmark,
        logo_retention as expected
    from {{ ref('mart_retention_monthly') }}
    where segment_type = 'total'
    union all
    select
        month,
        'gross_revenue_retention' as benchmark,
        grr as expected
    from {{ ref('mart_retention_monthly') }}
    where segment_type = 'total'
    union all
    select
        month,
        'expansion_of_book' as benchmark,
        expansion_of_book_12m as expected
    from {{ ref('mart_expansion_monthly') }}
    where segment_type = 'total'
    union all
    select
        month,
        'nps' as benchmark,
        value as expected
    from {{ ref('mart_voice_of_customer') }}
    where
        segment_type = 'total'
        and survey_type = 'nps'
)

select
    marts.month,
    marts.benchmark,
    marts.expected,
    scorecard.actual
from marts
left outer join scorecard
    on
        marts.month = scorecard.month
        and marts.benchmark = scorecard.benchmark
where
    (marts.expected is null) <> (scorecard.actual is null)
    or abs(marts.expected - scorecard.actual) > 1e-9
