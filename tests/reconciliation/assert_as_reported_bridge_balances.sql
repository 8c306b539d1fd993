-- The bridge as reported: opening, movements and prior period adjustment are the closing; each
-- month opens with the closing before it; nothing is adjusted in total that is not restated.
{{ config(meta={'dagster': {'ref': {'name': 'mart_arr_bridge_as_reported'}}}) }}

with bridge as (
    select
        *,
        lag(closing_arr) over (
            partition by segment_type, segment_value
            order by month
        ) as previous_closing_arr
    from {{ ref('mart_arr_bridge_as_reported') }}
)

select
    month,
    segment_type,
    segment_value
from bridge
where
    opening_arr + new_arr + expansion_arr + contraction_arr + churn_arr + reactivation_arr
    + fx_arr + transfer_arr + prior_period_adjustment_arr <> closing_arr
    or (segment_type = 'total' and opening_arr <> previous_closing_arr)
