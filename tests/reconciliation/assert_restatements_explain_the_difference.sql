-- Restated less reported is what the restatement log lists, account by account and in total; the
-- causes add up; the last closed month's differences are the adjustment of the first open one.
{{ config(meta={'dagster': {'ref': {'name': 'mart_restatements'}}}) }}

with reported as (
    select
        account_id,
        month,
        closing_arr
    from {{ ref('fct_account_month_as_reported') }}
    where is_closed
),

closes as (
    select
        close_month,
        is_last
    from {{ ref('fct_close') }}
),

account_months as (
    select
        account_id,
        month,
        closing_arr
    from {{ ref('fct_account_month') }}
),

restated as (
    select
        account_months.account_id,
        account_months.month,
        account_months.closing_arr
    from account_months
    inner join closes
        on account_months.month = closes.close_month
),

differences as (
    select
        coalesce(reported.month, restated.month) as month,
        coalesce(reported.account_id, restated.account_id) as account_id,
        coalesce(restated.closing_arr, 0) - coalesce(reported.closing_arr, 0) as difference
    from reported
    full outer join restated
        on
            reported.account_id = restated.account_id
            and reported.month = restated.month
),

restatements as (
    select
        *,
        backdated_start_arr + backdated_cancellation_arr + changed_price_or_quantity_arr
        + changed_discount_arr + changed_status_arr + account_merge_or_identity_arr
        + fx_plan_rate_arr + policy_change_arr + definition_change_arr + unknown_arr as causes
    from {{ ref('mart_restatements') }}
)

select
    coalesce(differences.month, restatements.close_month) as month,
    coalesce(differences.account_id, restatements.account_id) as account_id,
    differences.difference,
    restatements.difference as listed
from differences
full outer join restatements
    on
        differences.month = restatements.close_month
        and differences.account_id = restatements.account_id
where
    coalesce(differences.difference, 0) <> coalesce(restatements.difference, 0)
    or restatements.difference <> restatements.restated_arr - restatements.as_reported_arr
    or restatements.difference <> restatements.causes
