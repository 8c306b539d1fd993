-- Grain: one row per billing system and plan (a recurring price): what billing lists, and what is
-- only in contracts. Several prices can be one plan to the customer: they have one name.
with plans as (
    select
        source_system,
        plan_id,
        plan_name,
        product_id
    from {{ ref('int_billing_plans') }}
),

lines as (
    select
        source_system,
        coalesce(plan_id, 'unassigned') as plan_id,
        max_by(product_id, valid_from) as product_id,
        min(valid_from) as first_sold_on
    from {{ ref('int_arr_line_intervals') }}
    where
        arr > 0
        and valid_from <= {{ as_of_date() }}
    group by
        source_system,
        coalesce(plan_id, 'unassigned')
),

products as (
    select
        source_system,
        product_id,
        product
    from {{ ref('dim_product') }}
),

united as (
    select
        coalesce(plans.source_system, lines.source_system) as source_system,
        coalesce(plans.plan_id, lines.plan_id) as plan_id,
        coalesce(plans.plan_name, plans.plan_id, lines.plan_id) as plan,
        coalesce(plans.product_id, lines.product_id) as product_id,
        plans.plan_id is not null as is_listed,
        lines.first_sold_on
    from plans
    full outer join lines
        on
            plans.source_system = lines.source_system
            and plans.plan_id = lines.plan_id
),

final as (
    select
        cast(united.source_system as varchar) as source_system,
        cast(united.plan_id as varchar) as plan_id,
        cast(united.plan as varchar) as plan,
        cast(united.product_id as varchar) as product_id,
        products.product,
        united.is_listed,
        united.first_sold_on
    from united
    left outer join products
        on
            united.source_system = products.source_system
            and united.product_id = products.product_id
)

select * from final
