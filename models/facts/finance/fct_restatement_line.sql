-- Grain: one row per closed month, account, contract line and cause whose ARR at the end of that
-- month is not what was reported; line `none` for what no line accounts for.
with lines as (
    select
        close_month,
        source_system,
        subscription_item_id,
        reported_account_id,
        restated_account_id,
        reported_arr,
        restated_arr,
        fx_difference,
        cause,
        move_cause
    from {{ ref('int_ledger_restated_lines') }}
),

definitions as (
    select
        close_month,
        is_policy_changed,
        is_definition_changed
    from {{ ref('int_ledger_definitions') }}
),

reported_accounts as (
    select
        close_month,
        account_id,
        closing_arr
    from {{ ref('int_ledger_account_months') }}
),

restated_accounts as (
    select
        account_id,
        month,
        closing_arr
    from {{ ref('fct_account_month') }}
),

-- A line that went over to another account takes what was reported along; then its own changes.
causes as (
    select
        close_month,
        source_system,
        subscription_item_id,
        reported_account_id as account_id,
        move_cause as cause,
        -reported_arr as difference
    from lines
    where reported_account_id <> restated_account_id
    union all
    select
        close_month,
        source_system,
        subscription_item_id,
        restated_account_id as account_id,
        move_cause as cause,
        reported_arr as difference
    from lines
    where reported_account_id <> restated_account_id
    union all
    select
        close_month,
        source_system,
        subscription_item_id,
        coalesce(restated_account_id, reported_account_id) as account_id,
        'fx_plan_rate' as cause,
        fx_difference as difference
    from lines
    union all
    select
        close_month,
        source_system,
        subscription_item_id,
        coalesce(restated_account_id, reported_account_id) as account_id,
        cause,
        restated_arr - reported_arr - fx_difference as difference
    from lines
),

line_differences as (
    select
        close_month,
        account_id,
        source_system,
        subscription_item_id,
        cause,
        sum(difference) as difference
    from causes
    group by
        close_month,
        account_id,
        source_system,
        subscription_item_id,
        cause
    having sum(difference) <> 0
),

line_sums as (
    select
        close_month,
        account_id,
        sum(difference) as difference
    from line_differences
    group by
        close_month,
        account_id
),

account_differences as (
    select
        coalesce(reported_accounts.close_month, restated_accounts.month) as close_month,
        coalesce(reported_accounts.account_id, restated_accounts.account_id) as account_id,
        coalesce(restated_accounts.closing_arr, 0)
        - coalesce(reported_accounts.closing_arr, 0) as difference
    from reported_accounts
    full outer join restated_accounts
        on
            reported_accounts.close_month = restated_accounts.month
            and reported_accounts.account_id = restated_accounts.account_id
),

-- The account's figure has changed by more than its lines have.
rests as (
    select
        account_differences.close_month,
        account_differences.account_id,
        'none' as source_system,
        'none' as subscription_item_id,
        case
            when definitions.is_policy_changed then 'policy_change'
            when definitions.is_definition_changed then 'definition_change'
            else 'unknown'
        end as cause,
        account_differences.difference - coalesce(line_sums.difference, 0) as difference
    from account_differences
    inner join definitions
        on account_differences.close_month = definitions.close_month
    left outer join line_sums
        on
            account_differences.close_month = line_sums.close_month
            and account_differences.account_id = line_sums.account_id
    where account_differences.difference <> coalesce(line_sums.difference, 0)
),

united as (
    select * from line_differences
    union all
    select * from rests
),

final as (
    select
        close_month,
        account_id,
        source_system,
        subscription_item_id,
        cause,
        cast(difference as decimal(18, 2)) as difference
    from united
)

select * from final
