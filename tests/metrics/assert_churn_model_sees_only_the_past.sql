-- No prediction comes from a model that was trained after its snapshot.
select
    account_id,
    snapshot_on,
    trained_on
from {{ ref('fct_churn_risk_prediction') }}
where
    trained_on > snapshot_on
    or probability not between 0 and 1
