-- Over the reasons, customers and ARR lost are those of the churn mart, for every month and cut.
{{ config(meta={'dagster': {'ref': {'name': 'mart_churn_reasons_monthly'}}}) }}

with by_reason as (
    select
        month,
        segment_type,
        segment_value,
        sum(churned_accounts) as churned_accounts,
        sum(arr_lost) as arr_lost
    from {{ ref('mart_churn_reasons_monthly') }}
    group by
        month,
        segment_type,
        segment_value
),

churn as (
    select
        month,
        segment_type,
        segment_value,
        churned_accounts,
        churned_arr
    from {{ ref('mart_churn_monthly') }}
)

select
    coalesce(churn.month, by_reason.month) as month,
    coalesce(churn.segment_type, by_reason.segment_type) as segment_type,
    coalesce(churn.segment_value, by_reason.segment_value) as segment_value,
    churn.churned_accounts,
    by_reason.churned_accounts as accounts_by_reason,
    churn.churned_arr,
    by_reason.arr_lost as arr_by_reason
from churn
full outer join by_reason
    on
        churn.month = by_reason.month
        and churn.segment_type = by_reason.segment_type
        and churn.segment_value = by_reason.segment_value
where
    churn.churned_accounts is distinct from coalesce(by_reason.churned_accounts, 0)
    or churn.churned_arr is distinct from coalesce(by_reason.arr_lost, 0)
