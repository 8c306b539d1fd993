-- Grain: one row per account, contract line, day and subtype of a change of ARR.
-- Per line between two consecutive snapshots: what comes and goes within a month leaves no row.
-- The class is the account's (fct_account_month); the sum of a class is that class's column. What
-- comes from rates alone is fx; who comes or goes does so with the ARR that was booked.
with parts as (
    select
        source_system,
        subscription_item_id,
        subscription_id,
        product_id,
        month,
        account_id,
        effective_on,
        cause,
        arr_delta
    from {{ ref('int_arr_line_month_parts') }}
),

account_months as (
    select
        account_id,
        month,
        movement,
        is_complete
    from {{ ref('fct_account_month') }}
),

intervals as (
    select
        account_id,
        valid_from,
        valid_to
    from {{ ref('int_arr_line_intervals') }}
    where
        arr > 0
        and valid_from <= {{ as_of_date() }}
),

paid_days as (
    select
        account_months.account_id,
        account_months.month,
        intervals.valid_from,
        intervals.valid_to,
        {{ snapshot_month('intervals.valid_from') }} as first_month,
        {{ snapshot_month('intervals.valid_to') }} as end_month
    from account_months
    inner join intervals
        on account_months.account_id = intervals.account_id
    where account_months.movement = 'reactivation'
),

-- Days without service before an account came back.
returns as (
    select
        account_id,
        month,
        {{ dbt.datediff(
            'max(case when end_month < month then valid_to end)',
            'min(case when first_month = month then valid_from end)',
            'day'
        ) }} as gap_days
    from paid_days
    group by
        account_id,
        month
),

classified as (
    select
        parts.source_system,
        parts.account_id,
        parts.subscription_item_id,
        parts.subscription_id,
        parts.product_id,
        parts.effective_on,
        parts.month,
        account_months.is_complete,
        case
            when parts.cause = 'transfer' then 'transfer'
            when
                parts.cause = 'fx'
                and account_months.movement not in ('new', 'churn', 'reactivation')
                then 'fx'
            else account_months.movement
        end as movement,
        case
            when parts.cause = 'transfer' then 'transfer'
            when
                account_months.movement = 'reactivation'
                and returns.gap_days <= {{ var('late_renewal_days') }}
                then 'late_renewal'
            when account_months.movement in ('new', 'churn', 'reactivation')
                then account_months.movement
            else parts.cause
        end as subtype,
        case when parts.cause <> 'transfer' then returns.gap_days end as gap_days,
        parts.arr_delta
    from parts
    left outer join account_months
        on
            parts.account_id = account_months.account_id
            and parts.month = account_months.month
    left outer join returns
        on
            parts.account_id = returns.account_id
            and parts.month = returns.month
),

final as (
    select
        source_system,
        account_id,
        subscription_item_id,
        subscription_id,
        product_id,
        effective_on,
        month,
        is_complete,
        movement,
        subtype,
        cast(gap_days as bigint) as gap_days,
        cast(sum(arr_delta) as decimal(18, 2)) as arr_delta
    from classified
    group by
        source_system,
        account_id,
        subscription_item_id,
        subscription_id,
        product_id,
        effective_on,
        month,
        is_complete,
        movement,
        subtype,
        gap_days
    having sum(arr_delta) <> 0
)

select * from final
