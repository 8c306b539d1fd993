-- Opening plus movements is closing for every account and month, and only the column of the
-- month's class is not zero.
select
    account_id,
    month,
    movement,
    opening_arr,
    closing_arr
from {{ ref('fct_account_month') }}
where
    opening_arr + new_arr + expansion_arr + contraction_arr + churn_arr + reactivation_arr
    + fx_arr + transfer_arr + prior_period_adjustment_arr <> closing_arr
    or (movement <> 'new' and new_arr <> 0)
    or (movement <> 'expansion' and expansion_arr <> 0)
    or (movement <> 'contraction' and contraction_arr <> 0)
    or (movement <> 'churn' and churn_arr <> 0)
    or (movement <> 'reactivation' and reactivation_arr <> 0)
    or new_arr < 0
    or expansion_arr < 0
    or contraction_arr > 0
    or churn_arr > 0
    or reactivation_arr < 0
