-- Grain: one row per month, segment_type and segment_value.
-- Growth of existing customers against the book at the opening of the month. Subtypes add up to
-- expansion_arr; a negative one was outweighed by the rest of the account's growth.
with account_months as (
    select
        account_id,
        month,
        is_complete,
        opening_arr,
        expansion_arr,
        movement,
        segment,
        plan,
        product,
        region,
        country,
        industry,
        size_band,
        csm_id,
        start_year
    from {{ ref('fct_account_month') }}
),

movements as (
    select
        account_id,
        month,
        sum(case when subtype = 'seats' then arr_delta else 0 end) as seats_arr,
        sum(case when subtype = 'price' then arr_delta else 0 end) as price_arr,
        sum(case when subtype = 'plan' then arr_delta else 0 end) as plan_arr,
        sum(case when subtype = 'cross_sell' then arr_delta else 0 end) as cross_sell_arr,
        sum(case when subtype = 'discount' then arr_delta else 0 end) as discount_arr,
        sum(case when subtype = 'discount_expiry' then arr_delta else 0 end) as discount_expiry_arr,
        sum(case when subtype = 'pause' then arr_delta else 0 end) as pause_arr,
        sum(case when subtype = 'resume' then arr_delta else 0 end) as resume_arr
    from {{ ref('fct_arr_movement') }}
    where movement = 'expansion'
    group by
        account_id,
        month
),

joined as (
    select
        account_months.*,
        coalesce(movements.seats_arr, 0) as seats_arr,
        coalesce(movements.price_arr, 0) as price_arr,
        coalesce(movements.plan_arr, 0) as plan_arr,
        coalesce(movements.cross_sell_arr, 0) as cross_sell_arr,
        coalesce(movements.discount_arr, 0) as discount_arr,
        coalesce(movements.discount_expiry_arr, 0) as discount_expiry_arr,
        coalesce(movements.pause_arr, 0) as pause_arr,
        coalesce(movements.resume_arr, 0) as resume_arr
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
        sum(seats_arr) as seats_arr,
        sum(price_arr) as price_arr,
        sum(plan_arr) as plan_arr,
        sum(cross_sell_arr) as cross_sell_arr,
        sum(discount_arr) as discount_arr,
        sum(discount_expiry_arr) as discount_expiry_arr,
        sum(pause_arr) as pause_arr,
        sum(resume_arr) as resume_arr
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
        cast(seats_arr as decimal(18, 2)) as seats_arr,
        cast(price_arr as decimal(18, 2)) as price_arr,
        cast(plan_arr as decimal(18, 2)) as plan_arr,
        cast(cross_sell_arr as decimal(18, 2)) as cross_sell_arr,
        cast(discount_arr as decimal(18, 2)) as discount_arr,
        cast(discount_expiry_arr as decimal(18, 2)) as discount_expiry_arr,
        cast(pause_arr as decimal(18, 2)) as pause_arr,
        cast(resume_arr as decimal(18, 2)) as resume_arr,
        cast(expanded_accounts as bigint) as expanded_accounts,
        cast(expansion_arr / nullif(opening_arr, 0) as double) as expansion_of_book,
        is_complete,
        '{{ metric_policy() }}' as metric_policy
    from cuts
)

select * from final
