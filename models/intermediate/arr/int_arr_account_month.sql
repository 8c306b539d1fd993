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
        is_paused
    from {{ ref('int_arr_line_intervals') }}
),

months as (
    select
        month,
        snapshot_on,
        is_complete
    from {{ ref('int_calendar_months') }}
),

-- The first change of hands is the account's own merge; later ones are its survivor's.
account_merges as (
    select
        account_id,
        owner_account_id as survivor_account_id,
        valid_from as merged_on
    from {{ ref('int_account_ownership') }}
    where account_id <> owner_account_id
    qualify row_number() over (partition by account_id order by valid_from) = 1
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
        cast(sum(interval_months.seats) as decimal(18, 4)) as seats,
        bool_or(interval_months.is_paused) as is_paused
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

own_first_months as (
    select
        account_id,
        min(month) as first_month
    from snapshots
    where closing_arr > 0
    group by account_id
),

merge_months as (
    select
        account_merges.account_id,
        account_merges.survivor_account_id,
        min(months.month) as month
    from account_merges
    inner join months
        on account_merges.merged_on <= months.snapshot_on
    group by
        account_merges.account_id,
        account_merges.survivor_account_id
),

-- An account begins with its first ARR, its own or what a merge brought.
begins as (
    select
        account_id,
        first_month
    from own_first_months
    union all
    select
        merge_months.survivor_account_id as account_id,
        merge_months.month as first_month
    from merge_months
    inner join own_first_months
        on
            merge_months.account_id = own_first_months.account_id
            and merge_months.month > own_first_months.first_month
),

first_months as (
    select
        account_id,
        min(first_month) as cohort_month
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
        coalesce(snapshots.is_paused, false) as is_paused
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
        coalesce(lag(is_paused) over history, false) as was_paused
    from closings
    window history as (partition by account_id order by month)
),

-- In the month of a merge the opening ARR moves from the merged account to its survivor.
moved as (
    select
        merge_months.account_id,
        merge_months.survivor_account_id,
        openings.month,
        {{ each_column(amounts[:2], 'openings.opening_@') }}
    from merge_months
    inner join openings
        on
            merge_months.account_id = openings.account_id
            and merge_months.month = openings.month
),

transfers as (
    select
        account_id,
        month,
        {{ each_column(amounts[:2], '-opening_@ as transfer_@') }}
    from moved
    union all
    select
        survivor_account_id as account_id,
        month,
        {{ each_column(amounts[:2], 'opening_@ as transfer_@') }}
    from moved
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
