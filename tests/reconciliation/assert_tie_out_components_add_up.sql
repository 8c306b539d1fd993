-- The components are the variance, in each account-month; the reason is the largest of them; an
-- exception says so, and what it looks like.
{{ config(meta={'dagster': {'ref': {'name': 'mart_arr_tie_out'}}}) }}

select
    account_id,
    month,
    variance,
    reason,
    finding
from {{ ref('mart_arr_tie_out') }}
where
    variance <> billed_revenue - expected_revenue
    or variance
    <> variance_timing + variance_credit + variance_one_time + variance_usage + variance_fx
    + variance_free_period + variance_kept_after_end + variance_discount_period
    + variance_unmatched_customer + variance_unexplained
    or variance_timing <> timing_calendar + timing_term
    or (reason = 'none' and variance <> 0)
    or (is_exception and reason not in ('unexplained', 'unmatched_customer', 'credit', 'fx'))
    or is_exception <> (finding is not null)
    or (
        not is_exception
        and abs(variance_unexplained) + abs(variance_unmatched_customer) + written_off_revenue
        + wrong_currency_revenue > tie_out_tolerance
    )
