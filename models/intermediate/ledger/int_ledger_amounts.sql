-- Grain: one row per version of the figures, figure, day and account: what the account adds to it.
-- The version that was published last, and ARR as it is known now, in total and of each billing
-- system: on the day of comparison, and on the as-of date where that is a later one.
with publication as (
    select
        compared_on,
        is_as_booked
    from {{ ref('int_ledger_publication') }}
),

published as (
    select
        figure,
        figure_on,
        account_id,
        account_name,
        amount,
        base
    from {{ ref('stg_ledger__published_amounts') }}
),

lines as (
    select
        'arr' as figure,
        account_id,
        valid_from,
        valid_to,
        arr,
        arr_as_booked
    from {{ ref('int_arr_line_intervals') }}
    union all
    select
        'arr of ' || source_system as figure,
        account_id,
        valid_from,
        valid_to,
        arr,
        arr_as_booked
    from {{ ref('int_arr_line_intervals') }}
),

days as (
    select
        compared_on as figure_on,
        is_as_booked
    from publication
    union all
    select
        {{ as_of_date() }} as figure_on,
        is_as_booked
    from publication
    where compared_on < {{ as_of_date() }}
),

final as (
    select
        'published' as version,
        figure,
        figure_on,
        account_id,
        account_name,
        amount,
        base
    from published
    union all
    select
        'now' as version,
        lines.figure,
        days.figure_on,
        lines.account_id,
        cast(null as varchar) as account_name,
        cast(
            sum(case when days.is_as_booked then lines.arr_as_booked else lines.arr end)
            as decimal(18, 2)
        ) as amount,
        cast(null as decimal(18, 2)) as base
    from lines
    inner join days
        on
            lines.valid_from <= days.figure_on
            and coalesce(lines.valid_to > days.figure_on, true)
    group by
        lines.figure,
        days.figure_on,
        lines.account_id
)

select * from final
