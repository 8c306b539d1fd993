-- Grain: one row per account and month in which it lost all its ARR: the line it left with.
-- The line that ended last in the month (of several the largest), and what its subscription, the
-- payments and the CRM said of it on that day. What was said later is about later times.
with departures as (
    select
        account_id,
        month,
        snapshot_on
    from {{ ref('int_arr_account_month') }}
    where
        closing_arr = 0
        and opening_arr + transfer_arr <> 0
),

intervals as (
    select
        source_system,
        account_id,
        subscription_id,
        plan_id,
        valid_from,
        valid_to,
        arr
    from {{ ref('int_arr_line_intervals') }}
    where arr > 0
),

endings as (
    select
        source_system,
        subscription_id,
        valid_from,
        coalesce(valid_to, cast('9999-12-31' as date)) as valid_to,
        cancel_requested_at,
        cancel_reason,
        cancel_detail,
        cancel_comment,
        is_payment_failure
    from {{ ref('int_billing_subscription_endings') }}
),

disputes as (
    select
        source_system,
        subscription_id,
        disputed_on
    from {{ ref('int_billing_disputes') }}
),

account_history as (
    select
        account_id,
        valid_from,
        coalesce(valid_to, cast('9999-12-31' as date)) as valid_to,
        csm_id
    from {{ ref('int_crm_account_history') }}
),

plans as (
    select
        source_system,
        plan_id,
        plan_name
    from {{ ref('int_billing_plans') }}
),

last_lines as (
    select
        departures.account_id,
        departures.month,
        intervals.source_system,
        intervals.subscription_id,
        intervals.plan_id,
        intervals.valid_to as departed_on
    from departures
    inner join intervals
        on
            departures.account_id = intervals.account_id
            and departures.snapshot_on >= intervals.valid_to
    qualify
        row_number() over (
            partition by departures.account_id, departures.month
            order by intervals.valid_to desc, intervals.arr desc, intervals.subscription_id asc
        ) = 1
),

first_days as (
    select
        account_id,
        min(valid_from) as first_day
    from intervals
    group by account_id
),

disputed as (
    select distinct
        last_lines.account_id,
        last_lines.month
    from last_lines
    inner join disputes
        on
            last_lines.source_system = disputes.source_system
            and last_lines.subscription_id = disputes.subscription_id
            and abs({{ dbt.datediff(
                'last_lines.departed_on', 'disputes.disputed_on', 'day'
            ) }}) <= {{ var('dispute_window_days') }}
),

final as (
    select
        last_lines.account_id,
        last_lines.month,
        last_lines.departed_on,
        last_lines.source_system,
        last_lines.subscription_id,
        endings.cancel_requested_at,
        coalesce(endings.cancel_detail, endings.cancel_reason) as cancel_reason,
        endings.cancel_comment,
        coalesce(endings.is_payment_failure, false) as is_payment_failure,
        disputed.account_id is not null
        or coalesce(lower(endings.cancel_reason) = 'payment_disputed', false) as is_disputed,
        coalesce(plans.plan_name, last_lines.plan_id) as plan,
        account_history.csm_id,
        {{ dbt.datediff('first_days.first_day', 'last_lines.departed_on', 'day') }}
            as tenure_days
    from last_lines
    inner join first_days
        on last_lines.account_id = first_days.account_id
    left outer join endings
        on
            last_lines.source_system = endings.source_system
            and last_lines.subscription_id = endings.subscription_id
            and last_lines.departed_on >= endings.valid_from
            and last_lines.departed_on < endings.valid_to
    left outer join disputed
        on
            last_lines.account_id = disputed.account_id
            and last_lines.month = disputed.month
    left outer join plans
        on
            last_lines.source_system = plans.source_system
            and last_lines.plan_id = plans.plan_id
    -- Who held the account on the last day that was paid for.
    left outer join account_history
        on
            last_lines.account_id = account_history.account_id
            and last_lines.departed_on > account_history.valid_from
            and last_lines.departed_on <= account_history.valid_to
)

select * from final
