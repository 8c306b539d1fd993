-- Per account, month and class the line movements add up to the column of fct_account_month to
-- the cent; what cancels out in a month without a change of the account adds up to nothing.
{{ config(meta={'dagster': {'ref': {'name': 'fct_arr_movement'}}}) }}

with movements as (
    select
        account_id,
        month,
        {% for movement in ['new', 'expansion', 'contraction', 'churn', 'reactivation',
            'fx', 'transfer', 'unchanged'] -%}
        sum(case when movement = '{{ movement }}' then arr_delta else 0 end)
            as {{ movement }}_arr,
        {% endfor -%}
        count_if(
            movement not in (
                'new', 'expansion', 'contraction', 'churn', 'reactivation', 'fx', 'transfer',
                'unchanged'
            )
            or movement is null
        ) as unknown_rows
    from {{ ref('fct_arr_movement') }}
    group by
        account_id,
        month
),

account_months as (
    select
        account_id,
        month,
        new_arr,
        expansion_arr,
        contraction_arr,
        churn_arr,
        reactivation_arr,
        fx_arr,
        transfer_arr
    from {{ ref('fct_account_month') }}
)

select
    coalesce(account_months.account_id, movements.account_id) as account_id,
    coalesce(account_months.month, movements.month) as month
from account_months
full outer join movements
    on
        account_months.account_id = movements.account_id
        and account_months.month = movements.month
where
    coalesce(movements.unchanged_arr, 0) <> 0
    or coalesce(movements.unknown_rows, 0) <> 0
    {%- for movement in [
        'new', 'expansion', 'contraction', 'churn', 'reactivation', 'fx', 'transfer',
    ] %}
    or coalesce(movements.{{ movement }}_arr, 0)
    <> coalesce(account_months.{{ movement }}_arr, 0)
    {%- endfor %}
