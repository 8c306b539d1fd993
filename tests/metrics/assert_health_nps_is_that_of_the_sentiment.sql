-- Today's NPS of an account is the same in the health inputs and in the monthly sentiment.
{{ config(meta={'dagster': {'ref': {'name': 'fct_account_sentiment'}}}) }}

with inputs as (
    select
        account_id,
        nps,
        nps_responses
    from {{ ref('fct_account_health_input_day') }}
    where date_day = {{ as_of_date() }}
),

sentiment as (
    select
        account_id,
        nps,
        respondents
    from {{ ref('fct_account_sentiment') }}
    where survey_type = 'nps' and snapshot_on = {{ as_of_date() }}
)

select
    inputs.account_id,
    inputs.nps as nps_of_health,
    sentiment.nps as nps_of_sentiment
from inputs
left outer join sentiment
    on inputs.account_id = sentiment.account_id
where
    inputs.nps is distinct from sentiment.nps
    or coalesce(inputs.nps_responses, 0) <> coalesce(sentiment.respondents, 0)
