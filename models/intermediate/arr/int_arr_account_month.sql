-- Grain: one row per account and month, from its first ARR to the as-of date, gaps included.
-- delta_arr_constant is what changed at the plan rate, whatever rate the other figures are at.
{% set amounts = ['arr', 'arr_constant', 'arr_as_booked'] %}

with intervals as (
    select
        account_id,
        valid_from,
        valid_to,
        {{ each_column(amounts, '@') }},
        seats,
        is_on_hold,
        is_free
    from {{ ref('int_arr_line_intervals') }}
),

-- A line that another account owns at the close than at the opening takes its opening ARR along.
transferred as (
    select
        opening_account_id,
        closing_account_id,
        month,
        opening_arr + opening_fx_arr as transfer_arr,
        opening_arr as transfer_arr_constant
    from {{ ref('int_arr_line_month') }}
    where transferred_on is not null and opening_arr <> 0
),

months as (
    select
        month,
        snapshot_on,
        is_complete
    from {{ ref('int_calendar_months') }}
),

-- The months of each interval first: joined by equality, the snapshot decides.
interval_months as (
    select
        *,
        {{ month_series(
            dbt.date_trunc('month', 'valid_from'),
            "least(coalesce(valid_to, " ~ as_of_date() ~ "), " ~ as_of_date() ~ ")"
        ) }} as month
    from intervals
    where valid_from <= {{ as_of_date() }}
),

snapshots as (
    select
        interval_months.account_id,
        months.month,
        {{ each_column(amounts, 'cast(sum(interval_months.@) as decimal(18, 2)) as closing_@') }},
        cast(greatest(sum(interval_months.seats), 0) as decimal(18, 4)) as seats,
        bool_or(interval_months.is_on_hold) as is_paused,
        bool_or(interval_months.is_free) as is_free
    from interval_months
    inner join months
        on
            interval_months.month = months.month
            and interval_months.valid_from <= months.snapshot_on
            and coalesce(interval_months.valid_to, cast('9999-12-31' as date)) > months.snapshot_on
    group by
        interval_months.account_id,
        months.month
),

-- An account begins with its first ARR, its own or what another account brought.
begins as (
    select
        account_id,
        month
    from snapshots
    where closing_arr > 0
    union all
    select
        closing_account_id as account_id,
        month
    from transferred
),

first_months as (
    select
        account_id,
        min(month) as cohort_month
    from begins
    group by account_id
),

spine as (
    select
        first_months.account_id,
        first_months.cohort_month,
        months.month,
        months.snapshot_on,
        months.is_complete
    from first_months
    inner join months
        on first_months.cohort_month <= months.month
),

closings as (
    select
        spine.*,
        {{ each_column(amounts, 'coalesce(snapshots.closing_@, 0) as closing_@') }},
        coalesce(snapshots.seats, 0) as seats,
        coalesce(snapshots.is_paused, false) as is_paused,
        coalesce(snapshots.is_free, false) as is_free
    from spine
    left outer join snapshots
        on
            spine.account_id = snapshots.account_id
            and spine.month = snapshots.month
),

openings as (
    select
        *,
        coalesce(lag(closing_arr) over history, 0) as opening_arr,
        coalesce(lag(closing_arr_constant) over history, 0) as opening_arr_constant,
        coalesce(lag(is_paused) over history, false) as was_paused,
        coalesce(lag(is_free) over history, false) as was_free
    from closings
    window history as (partition by account_id order by month)
),

transfers as (
    select
        opening_account_id as account_id,
        month,
        -transfer_arr as transfer_arr,
        -transfer_arr_constant as transfer_arr_constant
    from transferred
    union all
    select
        closing_account_id as account_id,
        month,
        {{ each_column(amounts[:2], 'transfer_@') }}
    from transferred
),

transfer_sums as (
    select
        account_id,
        month,
        {{ each_column(amounts[:2], 'cast(sum(transfer_@) as decimal(18, 2)) as transfer_@') }}
    from transfers
    group by
        account_id,
        month
),

final as (
    select
        openings.*,
        coalesce(transfer_sums.transfer_arr, 0) as transfer_arr,
        openings.closing_arr_constant
        - openings.opening_arr_constant
        - coalesce(transfer_sums.transfer_arr_constant, 0) as delta_arr_constant
    from openings
    left outer join transfer_sums
        on
            openings.account_id = transfer_sums.account_id
            and openings.month = transfer_sums.month
)

select * from final
