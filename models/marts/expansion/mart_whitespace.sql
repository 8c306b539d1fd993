-- Grain: one row per customer of today and product that it does not own.
-- Whitespace ARR = attach rate x median price of the product in the segment. Eligible is what at
-- least `whitespace_least_owners` customers hold beside a product that the account has: what nobody
-- holds together takes the other's place. A customer with a contract line of no known product may
-- own it already, and is left out, here and in the rates.
{%- set least = var('whitespace_least_owners') %}

with lines as (
    select
        account_id,
        product_id,
        product,
        closing_arr
    from {{ ref('fct_account_product_month') }}
    where
        account_id <> 'unassigned'
        and month = cast({{ dbt.date_trunc('month', as_of_date()) }} as date)
),

accounts as (
    select
        account_id,
        account_name,
        coalesce(segment, 'unassigned') as segment,
        csm_id,
        csm_name
    from {{ ref('dim_account') }}
),

customers as (
    select
        accounts.account_id,
        accounts.account_name,
        accounts.segment,
        accounts.csm_id,
        accounts.csm_name
    from accounts
    inner join lines
        on accounts.account_id = lines.account_id
    group by
        accounts.account_id,
        accounts.account_name,
        accounts.segment,
        accounts.csm_id,
        accounts.csm_name
    having
        sum(lines.closing_arr) > 0
        and count_if(lines.product_id = 'unassigned') = 0
),

owned as (
    select
        customers.account_id,
        customers.segment,
        lines.product,
        sum(lines.closing_arr) as arr
    from customers
    inner join lines
        on customers.account_id = lines.account_id
    group by
        customers.account_id,
        customers.segment,
        lines.product
    having sum(lines.closing_arr) > 0
),

segments as (
    select
        segment,
        count(*) as customers
    from customers
    group by segment
),

products as (
    select
        segment,
        product,
        count(*) as owners,
        median(arr) as median_price
    from owned
    group by
        segment,
        product
),

pairs as (
    select
        owned.product,
        beside.product as held_beside,
        count(*) as customers
    from owned
    inner join owned as beside
        on
            owned.account_id = beside.account_id
            and owned.product <> beside.product
    group by
        owned.product,
        beside.product
),

catalogue as (
    select distinct product
    from owned
),

gaps as (
    select
        customers.account_id,
        customers.account_name,
        customers.segment,
        customers.csm_id,
        customers.csm_name,
        catalogue.product
    from customers
    cross join catalogue
    left outer join owned
        on
            customers.account_id = owned.account_id
            and catalogue.product = owned.product
    where owned.account_id is null
),

fits as (
    select
        gaps.account_id,
        gaps.product,
        max(pairs.customers) as held_together
    from gaps
    inner join owned
        on gaps.account_id = owned.account_id
    inner join pairs
        on
            gaps.product = pairs.product
            and owned.product = pairs.held_beside
    group by
        gaps.account_id,
        gaps.product
),

judged as (
    select
        gaps.*,
        segments.customers,
        coalesce(products.owners, 0) as owners,
        products.median_price,
        coalesce(fits.held_together, 0) as held_together,
        case
            when coalesce(fits.held_together, 0) < {{ least }} then 'not_held_together'
            when coalesce(products.owners, 0) < {{ least }} then 'few_owners'
            else 'eligible'
        end as eligibility
    from gaps
    inner join segments
        on gaps.segment = segments.segment
    left outer join products
        on
            gaps.segment = products.segment
            and gaps.product = products.product
    left outer join fits
        on
            gaps.account_id = fits.account_id
            and gaps.product = fits.product
),

priced as (
    select
        *,
        cast(owners as double) / customers as owned_share
    from judged
),

final as (
    select
        account_id,
        account_name,
        segment,
        csm_id,
        csm_name,
        cast(product as varchar) as product,
        cast(customers as bigint) as customers,
        cast(owners as bigint) as owners,
        cast(held_together as bigint) as held_together,
        cast(eligibility as varchar) as eligibility,
        case when eligibility = 'eligible' then owned_share end as attach_rate,
        cast(
            case when eligibility = 'eligible' then median_price end as decimal(18, 2)
        ) as median_price,
        cast(
            case when eligibility = 'eligible' then owned_share * median_price end
            as decimal(18, 2)
        ) as whitespace_arr,
        {{ as_of_date() }} as as_of_date
    from priced
)

select * from final
