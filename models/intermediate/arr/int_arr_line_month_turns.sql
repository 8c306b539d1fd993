-- Grain: one row per contract line and month in which it begins or stops to bear ARR.
-- What that is in the eyes of the account: a line that takes another's place is a change of
-- plan, more of a product that it has is seats, a product that it had not is cross-sell; a line
-- that takes the place of a paused one resumes it. What takes away from a contract is a discount
-- (by its price) or seats (by its quantity). A pause itself is no turn, nor is free time.
with lines as (
    select
        source_system,
        subscription_item_id,
        subscription_id,
        base_account_id,
        month,
        next_month,
        opening_product_id,
        closing_product_id,
        closing_unit_amount < 0 as is_discount_line,
        coalesce(opening_is_suspended or opening_is_free, false) as opening_is_on_hold,
        coalesce(closing_is_suspended or closing_is_free, false) as closing_is_on_hold,
        opening_is_suspended,
        opening_arr,
        closing_arr
    from {{ ref('int_arr_line_month') }}
),

core_products as (
    select
        source_system,
        product_id
    from {{ ref('int_billing_products') }}
    where is_core
),

turns as (
    select
        lines.*,
        lines.closing_arr <> 0 as is_start,
        (lines.closing_arr < 0 or lines.opening_arr < 0) as is_negative,
        case
            when lines.closing_arr <> 0 then lines.closing_product_id
            else lines.opening_product_id
        end as product_id
    from lines
    where
        (lines.opening_arr = 0 and lines.closing_arr <> 0 and not lines.opening_is_on_hold)
        or (lines.opening_arr <> 0 and lines.closing_arr = 0 and not lines.closing_is_on_hold)
),

-- The other lines of the account in that month. One whose last change is older is the same at
-- both ends of it.
others as (
    select
        turns.source_system,
        turns.subscription_item_id,
        turns.month,
        turns.is_start,
        (lines.closing_product_id is not distinct from turns.product_id) as is_same_product,
        (lines.closing_product_id is not distinct from turns.product_id)
        or (
            lines.subscription_id = turns.subscription_id
            and core_products.product_id is not null
            and other_core_products.product_id is not null
        ) as is_alike,
        lines.month = turns.month
        and lines.opening_arr = 0
        and not lines.opening_is_on_hold
        and lines.closing_arr > 0 as starts,
        lines.month = turns.month
        and (lines.opening_arr > 0 or lines.opening_is_on_hold)
        and lines.closing_arr = 0
        and not lines.closing_is_on_hold as stops,
        lines.opening_is_suspended,
        lines.closing_arr > 0 or lines.closing_is_on_hold as is_owned
    from turns
    inner join lines
        on
            turns.base_account_id = lines.base_account_id
            and turns.month >= lines.month
            and (lines.next_month is null or turns.month < lines.next_month)
            and (
                turns.subscription_item_id <> lines.subscription_item_id
                or turns.source_system <> lines.source_system
            )
    left outer join core_products
        on
            turns.source_system = core_products.source_system
            and turns.product_id = core_products.product_id
    left outer join core_products as other_core_products
        on
            lines.source_system = other_core_products.source_system
            and lines.closing_product_id = other_core_products.product_id
),

companions as (
    select
        source_system,
        subscription_item_id,
        month,
        bool_or(
            is_alike
            and ((is_start and stops and not opening_is_suspended) or (not is_start and starts))
        ) as is_swap,
        bool_or(is_alike and is_start and stops and opening_is_suspended) as is_resume,
        bool_or(is_same_product and is_owned and not starts) as is_more_of_the_same
    from others
    group by
        source_system,
        subscription_item_id,
        month
),

final as (
    select
        turns.source_system,
        turns.subscription_item_id,
        turns.month,
        turns.base_account_id,
        case
            when turns.is_negative and not turns.is_discount_line then 'seats'
            when turns.is_negative and turns.is_start then 'discount'
            when turns.is_negative then 'discount_expiry'
            when companions.is_swap then 'plan'
            when companions.is_resume then 'resume'
            when companions.is_more_of_the_same then 'seats'
            else 'cross_sell'
        end as cause
    from turns
    left outer join companions
        on
            turns.source_system = companions.source_system
            and turns.subscription_item_id = companions.subscription_item_id
            and turns.month = companions.month
)

select * from final
