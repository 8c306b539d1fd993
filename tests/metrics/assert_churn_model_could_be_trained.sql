-- The churn model could be fitted on each day on which it was trained. Where it could not, nobody
-- has a chance of churn from that day on to the next; the row says why.
{{ config(severity='warn', meta={'dagster': {'ref': {'name': 'fct_churn_model_coefficient'}}}) }}

select
    trained_on,
    applies_to,
    input as reason
from {{ ref('fct_churn_model_coefficient') }}
where kind = 'failed'
