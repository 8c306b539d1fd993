-- Grain: one row per account that ever had ARR, or has signed: what it is worth at the as-of date.
{% set twelve_months_ago = dbt.dateadd('month', -11, dbt.date_trunc('month', as_of_date())) %}

with account_months as (
    select
        account_id,
        month,
        movement,
        opening_arr,
        closing_arr,
        seats
    from {{ ref('fct_account_month') }}
),

contracted as (
    select
        account_id,
        contracted_arr
    from {{ ref('fct_contracted_arr_month') }}
    where month = cast({{ dbt.date_trunc('month', as_of_date()) }} as date)
),

today as (
    select
        account_id,
        max_by(closing_arr, month) as arr,
        max_by(seats, month) as seats,
        -- The opening of the month eleven months back is the ARR twelve months ago.
        sum(case when month = cast({{ twelve_months_ago }} as date) then opening_arr end)
            as arr_12m_ago
    from account_months
    group by account_id
),

last_changes as (
    select
        account_id,
        max(month) as last_movement_month,
        max_by(movement, month) as last_movement
    from account_months
    where movement not in ('none', 'unchanged')
    group by account_id
),

final as (
    select
        coalesce(today.account_id, contracted.account_id) as account_id,
        cast(coalesce(today.arr, 0) as decimal(18, 2)) as arr,
        cast(coalesce(contracted.contracted_arr, 0) as decimal(18, 2)) as contracted_arr,
        cast(coalesce(today.arr, 0) + coalesce(contracted.contracted_arr, 0) as decimal(18, 2))
            as carr,
        cast(coalesce(today.seats, 0) as decimal(18, 4)) as seats,
        cast(coalesce(today.arr_12m_ago, 0) as decimal(18, 2)) as arr_12m_ago,
        last_changes.last_movement,
        last_changes.last_movement_month
    from today
    full outer join contracted
        on today.account_id = contracted.account_id
    left outer join last_changes
        on today.account_id = last_changes.account_id
)

select * from final
