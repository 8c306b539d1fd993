-- Grain: one row per account and month from the first closed month on, as reported.
-- Closed months are those of the ledger. An open month begins with what was reported: what became
-- known of closed months since enters the first open month as its prior period adjustment.
{% set movements = ['new', 'expansion', 'contraction', 'churn', 'reactivation', 'fx', 'transfer'] %}
{% set attributes = [
    'segment', 'region', 'country', 'industry', 'csm_id', 'size_band', 'plan', 'product',
    'start_year',
] %}

with closed as (
    select
        account_id,
        close_month as month,
        opening_arr,
        closing_arr,
        movement,
        {{ each_column(movements, '@_arr') }},
        prior_period_adjustment_arr,
        {{ attributes | join(',\n        ') }}
    from {{ ref('int_ledger_account_months') }}
),

account_months as (
    select
        account_id,
        month,
        opening_arr,
        closing_arr,
        movement,
        {{ each_column(movements, '@_arr') }},
        {{ attributes | join(',\n        ') }}
    from {{ ref('fct_account_month') }}
),

last_close as (
    select max(month) as month
    from closed
),

first_open as (
    select cast({{ dbt.dateadd('month', 1, 'month') }} as date) as month
    from last_close
),

reported_closings as (
    select
        closed.account_id,
        cast({{ dbt.dateadd('month', 1, 'closed.month') }} as date) as month,
        closed.closing_arr,
        {{ each_column(attributes, 'closed.@') }}
    from closed
    inner join last_close
        on closed.month = last_close.month
),

open_months as (
    select account_months.*
    from account_months
    inner join last_close
        on account_months.month > last_close.month
),

-- An account can be known to one side only: restated away, or found since.
opened as (
    select
        coalesce(open_months.account_id, reported_closings.account_id) as account_id,
        coalesce(open_months.month, reported_closings.month) as month,
        case
            when coalesce(open_months.month, reported_closings.month) = first_open.month
                then coalesce(reported_closings.closing_arr, 0)
            else open_months.opening_arr
        end as opening_arr,
        coalesce(open_months.closing_arr, 0) as closing_arr,
        coalesce(open_months.movement, 'none') as movement,
        {{ each_column(movements, 'coalesce(open_months.@_arr, 0) as @_arr') }},
        case
            when coalesce(open_months.month, reported_closings.month) = first_open.month
                then
                    coalesce(open_months.opening_arr, 0)
                    - coalesce(reported_closings.closing_arr, 0)
            else 0
        end as prior_period_adjustment_arr,
        {{ each_column(attributes, 'coalesce(open_months.@, reported_closings.@) as @') }}
    from open_months
    full outer join reported_closings
        on
            open_months.account_id = reported_closings.account_id
            and open_months.month = reported_closings.month
    cross join first_open
    where
        open_months.account_id is not null
        or reported_closings.closing_arr <> 0
),

-- With every month closed nothing is open yet, and what was restated waits for the next month.
final as (
    select
        account_id,
        month,
        opening_arr,
        closing_arr,
        movement,
        {{ each_column(movements, '@_arr') }},
        prior_period_adjustment_arr,
        true as is_closed,
        {{ attributes | join(',\n        ') }}
    from closed
    union all
    select
        account_id,
        month,
        cast(opening_arr as decimal(18, 2)) as opening_arr,
        cast(closing_arr as decimal(18, 2)) as closing_arr,
        movement,
        {{ each_column(movements, 'cast(@_arr as decimal(18, 2)) as @_arr') }},
        cast(prior_period_adjustment_arr as decimal(18, 2)) as prior_period_adjustment_arr,
        false as is_closed,
        {{ attributes | join(',\n        ') }}
    from opened
    where month <= {{ as_of_date() }}
)

select * from final
