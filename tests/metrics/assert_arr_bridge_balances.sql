-- Opening plus every movement is closing, to the cent, in total and in every segment.
select
    month,
    segment_type,
    segment_value,
    opening_arr,
    closing_arr
from {{ ref('mart_arr_bridge_monthly') }}
where
    opening_arr + new_arr + expansion_arr + contraction_arr + churn_arr + reactivation_arr
    + fx_arr + transfer_arr + prior_period_adjustment_arr <> closing_arr
