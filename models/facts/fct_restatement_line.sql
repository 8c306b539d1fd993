-- Grain: one row per closed month, account and contract line whose ARR at the end of that month
-- is not what was reported, and one per account for what no line accounts for.
-- The cause is read from what differs between the line as it was written to the ledger and the
-- line as it is known now.
with reported as (
    select
        close_month,
        source_system,
        subscription_item_id,
        account_id,
        plan_id,
        quantity,
        unit_amount,
        currency,
        billing_interval,
        interval_count,
        price_share,
        amount_off,
        status,
        is_paused,
        arr_local,
        plan_rate,
        arr
    from {{ ref('int_ledger_arr_lines') }}
),

reported_accounts as (
    select
        close_month,
        account_id,
        closing_arr,
        metric_policy
    from {{ ref('int_ledger_account_months') }}
),

definitions as (
    select
        close_month,
        is_definition_changed
    from {{ ref('int_ledger_definitions') }}
),

restated_accounts as (
    select
        account_id,
        month,
        snapshot_on,
        closing_arr,
        metric_policy
    from {{ ref('fct_account_month') }}
),

lines as (
    select
        source_system,
        subscription_item_id,
        valid_from,
        valid_to,
        account_id,
        plan_id,
        quantity,
        unit_amount,
        currency,
        billing_interval,
        interval_count,
        price_share,
        amount_off,
        status,
        is_paused,
        arr_local,
        plan_rate,
        arr
    from {{ ref('fct_arr_line') }}
),

snapshots as (
    select
        definitions.close_month,
        definitions.is_definition_changed,
        max(restated_accounts.snapshot_on) as snapshot_on,
        max(restated_accounts.metric_policy) as metric_policy
    from definitions
    left outer join restated_accounts
        on definitions.close_month = restated_accounts.month
    group by
        definitions.close_month,
        definitions.is_definition_changed
),

restated as (
    select
        snapshots.close_month,
        lines.*
    from snapshots
    inner join lines
        on
            snapshots.snapshot_on >= lines.valid_from
            and snapshots.snapshot_on < coalesce(lines.valid_to, cast('9999-12-31' as date))
),

-- One row per line, as reported beside as known now.
compared as (
    select
        coalesce(reported.close_month, restated.close_month) as close_month,
        coalesce(reported.source_system, restated.source_system) as source_system,
        coalesce(reported.subscription_item_id, restated.subscription_item_id)
            as subscription_item_id,
        reported.account_id as reported_account_id,
        restated.account_id as restated_account_id,
        coalesce(reported.arr, 0) as reported_arr,
        coalesce(restated.arr, 0) as restated_arr,
        reported.arr_local as reported_arr_local,
        restated.arr_local as restated_arr_local,
        case
            when
                reported.plan_rate <> restated.plan_rate
                and reported.arr_local is not null
                and restated.arr_local is not null
                then cast(reported.arr_local * restated.plan_rate as decimal(18, 2))
                - reported.arr
            else 0
        end as fx_difference,
        case
            when coalesce(reported.arr, 0) = 0 and reported.subscription_item_id is null
                then 'backdated_start'
            when restated.subscription_item_id is null or restated.status = 'canceled'
                then 'backdated_cancellation'
            when
                reported.status is distinct from restated.status
                or reported.is_paused is distinct from restated.is_paused
                then 'changed_status'
            when
                reported.unit_amount is distinct from restated.unit_amount
                or reported.quantity is distinct from restated.quantity
                or reported.plan_id is distinct from restated.plan_id
                or reported.currency is distinct from restated.currency
                or reported.billing_interval is distinct from restated.billing_interval
                or reported.interval_count is distinct from restated.interval_count
                then 'changed_price_or_quantity'
            when snapshots.metric_policy <> reported_policies.metric_policy then 'policy_change'
            when
                reported.price_share is distinct from restated.price_share
                or reported.amount_off is distinct from restated.amount_off
                then 'changed_discount'
            when snapshots.is_definition_changed then 'definition_change'
            else 'unknown'
        end as cause
    from reported
    full outer join restated
        on
            reported.close_month = restated.close_month
            and reported.source_system = restated.source_system
            and reported.subscription_item_id = restated.subscription_item_id
    left outer join snapshots
        on coalesce(reported.close_month, restated.close_month) = snapshots.close_month
    left outer join (
        select
            close_month,
            max(metric_policy) as metric_policy
        from reported_accounts
        group by close_month
    ) as reported_policies
        on coalesce(reported.close_month, restated.close_month) = reported_policies.close_month
),

-- A line that went over to another account takes what was reported along; then its own changes.
causes as (
    select
        close_month,
        source_system,
        subscription_item_id,
        reported_account_id as account_id,
        'account_merge_or_identity' as cause,
        -reported_arr as difference
    from compared
    where reported_account_id <> restated_account_id
    union all
    select
        close_month,
        source_system,
        subscription_item_id,
        restated_account_id as account_id,
        'account_merge_or_identity' as cause,
        reported_arr as difference
    from compared
    where reported_account_id <> restated_account_id
    union all
    select
        close_month,
        source_system,
        subscription_item_id,
        coalesce(restated_account_id, reported_account_id) as account_id,
        'fx_plan_rate' as cause,
        fx_difference as difference
    from compared
    union all
    select
        close_month,
        source_system,
        subscription_item_id,
        coalesce(restated_account_id, reported_account_id) as account_id,
        cause,
        restated_arr - reported_arr - fx_difference as difference
    from compared
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

-- The account's figure has changed by more than its lines have.
rests as (
    select
        account_differences.close_month,
        account_differences.account_id,
        case
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

final as (
    select
        close_month,
        account_id,
        source_system,
        subscription_item_id,
        cause,
        cast(difference as decimal(18, 2)) as difference
    from line_differences
    union all
    select
        close_month,
        account_id,
        'none' as source_system,
        'none' as subscription_item_id,
        cause,
        cast(difference as decimal(18, 2)) as difference
    from rests
)

select * from final
