-- Grain: one row per CSM and month: the book at the close of the month, and how it was kept.
-- NRR and GRR are those of twelve months. Who held an account when they began answers for it, and
-- in the columns held_at_close who holds it when they end. Over all CSMs each adds up to the total.
{% set rates = ['opening_arr', 'retained_arr', 'retained_arr_capped'] %}
{% set care = [
    'touchpoints_due', 'touchpoints_held', 'qbrs_due', 'qbrs_held', 'escalations_open',
] %}

with account_months as (
    select
        account_id,
        month,
        is_complete,
        coalesce(csm_id, 'unassigned') as csm_id,
        closing_arr,
        (closing_arr > 0 and account_id <> 'unassigned') as is_customer,
        {{ each_column(care, '@') }}
    from {{ ref('fct_account_care_month') }}
),

cohorts as (
    select
        account_id,
        month,
        coalesce(csm_id, 'unassigned') as csm_id,
        {{ each_column(rates, '@') }},
        is_retained,
        is_logo
    from {{ ref('fct_account_retention_month') }}
),

people as (
    select
        csm_id,
        csm_name,
        manager_id,
        manager_name
    from {{ ref('dim_csm') }}
    qualify row_number() over (partition by csm_id order by source_system) = 1
),

books as (
    select
        csm_id,
        month,
        count_if(is_customer) as accounts,
        sum(closing_arr) as arr,
        case
            when max(touchpoints_held) is not null
                then count_if(is_customer and touchpoints_held < touchpoints_due)
        end as accounts_behind,
        {{ each_column(care, 'sum(@) as @') }}
    from account_months
    group by
        csm_id,
        month
),

held_at_opening as (
    select
        csm_id,
        month,
        count_if(is_logo) as opening_accounts,
        count_if(is_logo and is_retained) as retained_accounts,
        {{ each_column(rates, 'sum(@) as @') }}
    from cohorts
    group by
        csm_id,
        month
),

held_at_close as (
    select
        coalesce(account_months.csm_id, 'unassigned') as csm_id,
        cohorts.month,
        {{ each_column(rates, 'sum(cohorts.@) as @') }}
    from cohorts
    left outer join account_months
        on
            cohorts.account_id = account_months.account_id
            and cohorts.month = account_months.month
    group by
        coalesce(account_months.csm_id, 'unassigned'),
        cohorts.month
),

months as (
    select distinct
        month,
        is_complete
    from account_months
),

holders as (
    select
        csm_id,
        month
    from books
    union
    select
        csm_id,
        month
    from held_at_opening
    union
    select
        csm_id,
        month
    from held_at_close
),

final as (
    select
        holders.csm_id,
        holders.month,
        people.csm_name,
        people.manager_id,
        people.manager_name,
        cast(coalesce(books.accounts, 0) as bigint) as accounts,
        cast(coalesce(books.arr, 0) as decimal(18, 2)) as arr,
        cast(coalesce(held_at_opening.opening_accounts, 0) as bigint) as opening_accounts,
        cast(coalesce(held_at_opening.retained_accounts, 0) as bigint) as retained_accounts,
        {{ each_column(
            rates, 'cast(coalesce(held_at_opening.@, 0) as decimal(18, 2)) as @'
        ) }},
        cast(held_at_opening.retained_arr / held_at_opening.opening_arr as double) as nrr,
        cast(held_at_opening.retained_arr_capped / held_at_opening.opening_arr as double) as grr,
        cast(coalesce(held_at_close.opening_arr, 0) as decimal(18, 2))
            as held_at_close_opening_arr,
        cast(held_at_close.retained_arr / held_at_close.opening_arr as double)
            as nrr_held_at_close,
        cast(held_at_close.retained_arr_capped / held_at_close.opening_arr as double)
            as grr_held_at_close,
        {{ each_column(care, 'cast(books.@ as bigint) as @') }},
        cast(books.accounts_behind as bigint) as accounts_behind,
        months.is_complete,
        '{{ metric_policy() }}' as metric_policy
    from holders
    inner join months
        on holders.month = months.month
    left outer join people
        on holders.csm_id = people.csm_id
    left outer join books
        on
            holders.csm_id = books.csm_id
            and holders.month = books.month
    left outer join held_at_opening
        on
            holders.csm_id = held_at_opening.csm_id
            and holders.month = held_at_opening.month
    left outer join held_at_close
        on
            holders.csm_id = held_at_close.csm_id
            and holders.month = held_at_close.month
)

select * from final
