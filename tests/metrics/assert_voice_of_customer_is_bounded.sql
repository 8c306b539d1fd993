-- Each weighting stays on the scale of its survey, an interval has its ends in order, each cut has
-- the respondents, accounts and surveys of the total, and whoever answered makes a value.
{{ config(meta={'dagster': {'ref': {'name': 'mart_voice_of_customer'}}}) }}
{% set weightings = ['value', 'value_response_weighted', 'value_arr_weighted'] %}

with scales as (
    select
        'nps' as survey_type,
        -100 as least_value,
        100 as most_value
    union all
    select
        'csat' as survey_type,
        0 as least_value,
        1 as most_value
    union all
    select
        'ces' as survey_type,
        1 as least_value,
        7 as most_value
),

cells as (
    select
        survey_type,
        month,
        segment_type,
        segment_value,
        respondents,
        accounts,
        surveys_sent,
        {{ weightings | join(',\n        ') }},
        ci_low,
        ci_high,
        response_rate
    from {{ ref('mart_voice_of_customer') }}
),

sums as (
    select
        survey_type,
        month,
        segment_type,
        sum(respondents) as respondents,
        sum(accounts) as accounts,
        sum(surveys_sent) as surveys_sent
    from cells
    group by
        survey_type,
        month,
        segment_type
)

select
    cells.survey_type,
    cells.month,
    cells.segment_type,
    cells.segment_value
from cells
inner join scales
    on cells.survey_type = scales.survey_type
where
    least({{ each_column(weightings, 'cells.@') }}) < scales.least_value - 1e-9
    or greatest({{ each_column(weightings, 'cells.@') }}) > scales.most_value + 1e-9
    or cells.ci_low > cells.ci_high
    or (cells.respondents = 0) <> (cells.value_response_weighted is null)
    or cells.response_rate not between 0 and 1
union all
select
    sums.survey_type,
    sums.month,
    sums.segment_type,
    'all of them' as segment_value
from sums
inner join sums as totals
    on
        sums.survey_type = totals.survey_type
        and sums.month = totals.month
        and totals.segment_type = 'total'
where
    sums.respondents <> totals.respondents
    or sums.accounts <> totals.accounts
    or sums.surveys_sent <> totals.surveys_sent
