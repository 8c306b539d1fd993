-- Grain: one row per month, segment_type (total, product or plan) and segment_value.
{% set cuts = {'total': "'all'", 'product': 'product', 'plan': 'plan'} %}

with account_products as (
    select
        account_id,
        month,
        is_complete,
        product,
        plan,
        products,
        closing_arr
    from {{ ref('fct_account_product_month') }}
),

-- Of each account once, however many lines it has in the cut.
account_cuts as (
    {%- for segment_type, column in cuts.items() %}
    select
        account_id,
        month,
        is_complete,
        '{{ segment_type }}' as segment_type,
        {{ column }} as segment_value,
        products,
        sum(closing_arr) as closing_arr,
        (sum(closing_arr) > 0 and account_id <> 'unassigned') as is_customer
    from account_products
    group by
        account_id,
        month,
        is_complete,
        products
        {%- if segment_type != 'total' %},
        {{ column }}
    {%- endif %}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

sums as (
    select
        month,
        is_complete,
        segment_type,
        segment_value,
        sum(closing_arr) as closing_arr,
        count_if(is_customer) as accounts,
        count_if(is_customer and products > 1) as multi_product_accounts,
        sum(case when is_customer then products else 0 end) as products
    from account_cuts
    group by
        month,
        is_complete,
        segment_type,
        segment_value
),

totals as (
    select
        month,
        closing_arr,
        accounts
    from sums
    where segment_type = 'total'
),

final as (
    select
        sums.month,
        cast(sums.segment_type as varchar) as segment_type,
        cast(sums.segment_value as varchar) as segment_value,
        cast(sums.closing_arr as decimal(18, 2)) as closing_arr,
        cast(sums.closing_arr / nullif(totals.closing_arr, 0) as double) as arr_share,
        cast(sums.accounts as bigint) as accounts,
        cast(sums.accounts as double) / nullif(totals.accounts, 0) as account_share,
        cast(sums.multi_product_accounts as bigint) as multi_product_accounts,
        cast(sums.multi_product_accounts as double) / nullif(sums.accounts, 0)
            as multi_product_share,
        cast(sums.products as double) / nullif(sums.accounts, 0) as products_per_account,
        sums.is_complete,
        '{{ metric_policy() }}' as metric_policy
    from sums
    inner join totals
        on sums.month = totals.month
)

select * from final
