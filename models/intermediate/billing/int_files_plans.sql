-- Grain: one row per plan of the files source.
-- A plan_id of a line is a plan, named or not: one that no table of plans names has its id as name.
{{ config(enabled=source_is_on('billing', 'files')) }}

with plans as (
    select
        plan_id,
        product_id,
        plan_name,
        currency,
        usage_type
    from {{ ref('stg_files__plans') }}
),

words as (
    select distinct
        {{ folded_word('value') }} as word,
        meaning
    from {{ ref('vocabulary') }}
    where field = 'usage_type'
),

items as (
    select
        plan_id,
        -- Lines of one plan may be of several products; then the plan is of none.
        case when count(distinct product_id) = 1 then max(product_id) end as product_id
    from {{ ref('stg_files__subscription_items') }}
    where plan_id is not null
    group by plan_id
),

final as (
    select
        plans.plan_id,
        plans.product_id,
        plans.plan_name,
        plans.currency,
        coalesce(words.meaning, plans.usage_type) as usage_type
    from plans
    left outer join words
        on {{ folded_word('plans.usage_type') }} = words.word
    union all
    select
        items.plan_id,
        items.product_id,
        items.plan_id as plan_name,
        cast(null as varchar) as currency,
        cast(null as varchar) as usage_type
    from items
    left outer join plans
        on items.plan_id = plans.plan_id
    where plans.plan_id is null
)

select * from final
