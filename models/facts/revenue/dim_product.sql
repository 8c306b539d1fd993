-- Grain: one row per billing system and product: what billing lists, and what is only in contracts.
with products as (
    select
        source_system,
        product_id,
        product_name,
        is_core
    from {{ ref('int_billing_products') }}
),

lines as (
    select
        source_system,
        coalesce(product_id, 'unassigned') as product_id,
        min(valid_from) as first_sold_on
    from {{ ref('int_arr_line_intervals') }}
    where
        arr > 0
        and valid_from <= {{ as_of_date() }}
    group by
        source_system,
        coalesce(product_id, 'unassigned')
),

final as (
    select
        cast(coalesce(products.source_system, lines.source_system) as varchar) as source_system,
        cast(coalesce(products.product_id, lines.product_id) as varchar) as product_id,
        cast(
            coalesce(products.product_name, products.product_id, lines.product_id) as varchar
        ) as product,
        products.is_core,
        products.product_id is not null as is_listed,
        lines.first_sold_on
    from products
    full outer join lines
        on
            products.source_system = lines.source_system
            and products.product_id = lines.product_id
)

select * from final
