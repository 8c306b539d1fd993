-- Every churn of fct_account_month is in the churn mart with its ARR.
{{ config(meta={'dagster': {'ref': {'name': 'mart_churn_events'}}}) }}

with events as (
    select
        account_id,
        month,
        arr_lost
    from {{ ref('mart_churn_events') }}
),

churned as (
    select
        account_id,
        month,
        -churn_arr as arr_lost
    from {{ ref('fct_account_month') }}
    where movement = 'churn'
)

select
    coalesce(churned.account_id, events.account_id) as account_id,
    coalesce(churned.month, events.month) as month
from churned
full outer join events
    on
        churned.account_id = events.account_id
        and churned.month = events.month
where churned.arr_lost is distinct from events.arr_lost
