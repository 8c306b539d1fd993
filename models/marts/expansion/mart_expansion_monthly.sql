-- Grain: one row per month, segment_type and segment_value.
-- Growth of existing customers against the book at the opening of the month. Subtypes add up to
-- expansion_arr; a negative one was outweighed by the rest of the account's growth.
{% set subtypes = [
    'seats', 'price', 'plan', 'cross_sell', 'discount', 'discount_expiry', 'pause', 'resume',
] %}

with account_months as (
    select
        account_id,
        month,
        is_complete,
        opening_arr,
        expansion_arr,
        movement,
        {% for name in segment_columns().values() -%}
        {{ name }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('fct_account_month') }}
),

movements as (
    select
        account_id,
        month,
        {% for subtype in subtypes -%}
        sum(case when subtype = '{{ subtype }}' then arr_delta else 0 end)
            as {{ subtype }}_arr{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('fct_arr_movement') }}
    where movement = 'expansion'
    group by
        account_id,
        month
),

joined as (
    select
        account_months.*,
        {% for subtype in subtypes -%}
        coalesce(movements.{{ subtype }}_arr, 0) as {{ subtype }}_arr{{ ',' if not loop.last }}
        {% endfor %}
    from account_months
    left outer join movements
        on
            account_months.account_id = movements.account_id
            and account_months.month = movements.month
),

cuts as (
    select
        month,
        is_complete,
        {{ segment_keys() }},
        sum(opening_arr) as opening_arr,
        sum(expansion_arr) as expansion_arr,
        count_if(movement = 'expansion' and account_id <> 'unassigned') as expanded_accounts,
        {% for subtype in subtypes -%}
        sum({{ subtype }}_arr) as {{ subtype }}_arr{{ ',' if not loop.last }}
        {% endfor %}
    from joined
    group by {{ segment_grouping_sets(['month', 'is_complete']) }}
),

final as (
    select
        month,
        segment_type,
        segment_value,
        cast(opening_arr as decimal(18, 2)) as opening_arr,
        cast(expansion_arr as decimal(18, 2)) as expansion_arr,
        {% for subtype in subtypes -%}
        cast({{ subtype }}_arr as decimal(18, 2)) as {{ subtype }}_arr,
        {% endfor -%}
        cast(expanded_accounts as bigint) as expanded_accounts,
        cast(expansion_arr / nullif(opening_arr, 0) as double) as expansion_of_book,
        is_complete,
        '{{ metric_policy() }}' as metric_policy
    from cuts
)

select * from final
