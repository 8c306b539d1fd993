-- Grain: one row per account, product and day from which the number of its seats holds.
-- What the account owns on a day: half-open intervals from the contract ledger, all lines of a
-- product added up. Lines of a merged account count for its survivor from the beginning, as its
-- usage does. A day outside the intervals is a day without the product.
with lines as (
    select
        account_id,
        product_id,
        valid_from,
        -- An end that lies ahead, like that of a discount, is none yet.
        case when valid_to <= {{ as_of_date() }} then valid_to end as valid_to,
        seats
    from {{ ref('int_arr_line_intervals') }}
    where
        is_billable
        and valid_from <= {{ as_of_date() }}
),

survivors as (
    select
        account_id,
        survivor_account_id
    from {{ ref('int_account_survivors') }}
),

owned as (
    select
        lines.valid_from,
        lines.valid_to,
        lines.seats,
        coalesce(survivors.survivor_account_id, lines.account_id) as account_id,
        coalesce(lines.product_id, '') as product_id
    from lines
    left outer join survivors
        on lines.account_id = survivors.account_id
),

changes as (
    select
        account_id,
        product_id,
        valid_from as changed_on,
        1 as line_change,
        seats as seat_change
    from owned
    union all
    select
        account_id,
        product_id,
        valid_to as changed_on,
        -1 as line_change,
        -seats as seat_change
    from owned
    where valid_to is not null
),

daily as (
    select
        account_id,
        product_id,
        changed_on,
        sum(line_change) as line_change,
        sum(seat_change) as seat_change
    from changes
    group by
        account_id,
        product_id,
        changed_on
),

running as (
    select
        account_id,
        product_id,
        changed_on as valid_from,
        lead(changed_on) over (
            partition by account_id, product_id
            order by changed_on
        ) as valid_to,
        sum(line_change) over (
            partition by account_id, product_id
            order by changed_on
            rows between unbounded preceding and current row
        ) as open_lines,
        sum(seat_change) over (
            partition by account_id, product_id
            order by changed_on
            rows between unbounded preceding and current row
        ) as seats
    from daily
),

final as (
    select
        account_id,
        product_id,
        valid_from,
        valid_to,
        cast(seats as decimal(18, 4)) as seats
    from running
    where open_lines > 0
)

select * from final
