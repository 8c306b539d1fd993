-- Grain: one row per month, segment_type and segment_value.
-- CARR is ARR and the contracts that were signed and had not started, at the close of the month.
-- A cancellation that is known counts when it takes effect, as it does in ARR.
with united as (
    select
        account_id,
        month,
        is_complete,
        closing_arr as arr,
        0 as contracted_arr,
        {{ each_column(segment_columns().values(), '@') }}
    from {{ ref('fct_account_month') }}
    union all
    select
        account_id,
        month,
        is_complete,
        0 as arr,
        contracted_arr,
        {{ each_column(segment_columns().values(), '@') }}
    from {{ ref('fct_contracted_arr_month') }}
),

cuts as (
    select
        month,
        is_complete,
        {{ segment_keys() }},
        sum(arr) as arr,
        sum(contracted_arr) as contracted_arr,
        count_if(contracted_arr > 0 and account_id <> 'unassigned') as contracted_accounts
    from united
    group by {{ segment_grouping_sets(['month', 'is_complete']) }}
),

final as (
    select
        month,
        segment_type,
        segment_value,
        cast(arr as decimal(18, 2)) as arr,
        cast(contracted_arr as decimal(18, 2)) as contracted_arr,
        cast(arr + contracted_arr as decimal(18, 2)) as carr,
        cast(contracted_accounts as bigint) as contracted_accounts,
        is_complete,
        '{{ metric_policy() }}' as metric_policy
    from cuts
)

select * from final
