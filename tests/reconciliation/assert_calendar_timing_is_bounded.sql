-- The days of billing periods explain no more than they can: a daily rate of a period differs
-- from 1/365 of a year by at most 365/12/27 (February to its last day), so that a month's calendar
-- residual stays below 12 % of what was billed and expected, and a cent per row.
{{ config(meta={'dagster': {'ref': {'name': 'fct_tie_out_contract_month'}}}) }}

select
    account_id,
    contract_id,
    month,
    timing_calendar,
    expected_revenue,
    billed_revenue
from {{ ref('fct_tie_out_contract_month') }}
where
    abs(timing_calendar)
    > 0.12 * greatest(abs(expected_revenue), abs(billed_revenue)) + 0.05
