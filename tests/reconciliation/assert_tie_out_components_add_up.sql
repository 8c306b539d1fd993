-- The components are the variance, in each account-month and each contract; the reason is the
-- largest of them; an exception says so.
{{ config(meta={'dagster': {'ref': {'name': 'mart_arr_tie_out'}}}) }}

select
    account_id,
    month,
    variance,
    reason
from {{ ref('mart_arr_tie_out') }}
where
    variance <> billed_revenue - expected_revenue
    or variance
    <> variance_timing + variance_credit + variance_one_time + variance_usage + variance_fx
    + variance_free_period + variance_unmatched_customer + variance_unexplained
    or variance_timing <> timing_calendar + timing_term
    or (reason = 'none' and variance <> 0)
    or is_exception <> (reason in ('unexplained', 'unmatched_customer', 'credit') and is_exception)
    or (
        not is_exception
        and abs(variance_unexplained) + abs(variance_unmatched_customer) + written_off_revenue
        > tie_out_tolerance
    )
