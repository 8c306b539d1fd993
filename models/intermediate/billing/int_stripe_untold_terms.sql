-- Grain: one row per Stripe subscription whose last bills have other terms than what is told next.
-- Where events, or loads of the object, begin after the subscription did, its past is what was
-- billed. If what they find is not what the last bill had, and no proration tells the change, its
-- day is not known: the billed terms count until then. A load on the first day of a period has
-- what that period's bill has.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with gaps as (
    select
        subscription_id,
        customer_id,
        term_start,
        told_from
    from {{ ref('int_stripe_event_gaps') }}
    where status in ('active', 'past_due')
),

listed as (
    select
        subscription_id,
        subscription_item_id,
        price_id,
        quantity,
        is_cut
    from {{ ref('int_stripe_listed_items') }}
    where state_source = 'gap'
),

licensed as (
    select price_id
    from {{ ref('int_stripe_price_usages') }}
    where usage_type = 'licensed'
),

events as (
    select distinct subscription_id
    from {{ ref('int_stripe_subscription_events') }}
    where cast(created_at as date) <= {{ as_of_date() }}
),

invoiced as (
    select
        gaps.subscription_id,
        items.subscription_item_id,
        items.price_id,
        items.quantity,
        items.item_usage_type
    from gaps
    inner join {{ ref('int_stripe_invoiced_items') }} as items
        on
            gaps.subscription_id = items.subscription_id
            and gaps.told_from > items.valid_from
            and coalesce(gaps.told_from <= items.valid_to, true)
),

-- Usage is billed afterwards, and no quantity of it is agreed.
agreed as (
    select
        listed.subscription_id,
        listed.subscription_item_id,
        printf('%.10g', listed.quantity) || ' of ' || listed.price_id as terms
    from listed
    inner join licensed
        on listed.price_id = licensed.price_id
),

billed as (
    select
        subscription_id,
        subscription_item_id,
        printf('%.10g', quantity) || ' of ' || price_id as terms
    from invoiced
    where item_usage_type = 'licensed'
),

differing as (
    select
        coalesce(billed.subscription_id, agreed.subscription_id) as subscription_id,
        coalesce(billed.subscription_item_id, agreed.subscription_item_id) as item_id,
        coalesce(billed.terms, 'nothing') as billed_terms,
        coalesce(agreed.terms, 'nothing') as told_terms
    from billed
    full outer join agreed
        on
            billed.subscription_id = agreed.subscription_id
            and billed.subscription_item_id = agreed.subscription_item_id
    where billed.terms is distinct from agreed.terms
),

final as (
    select
        gaps.subscription_id,
        'change_untold' as gap,
        'bill' as shown_by,
        gaps.customer_id,
        gaps.told_from as since,
        concat(
            string_agg(
                concat(
                    'item ', differing.item_id, ' was billed as ', differing.billed_terms,
                    ' and is found as ', differing.told_terms
                ), ', ' order by differing.item_id
            ),
            ' on ', cast(gaps.told_from as varchar),
            ', and nothing tells since when; it counts from that day'
        ) as what_is_missing
    from gaps
    inner join differing
        on gaps.subscription_id = differing.subscription_id
    left outer join events
        on gaps.subscription_id = events.subscription_id
    where
        (events.subscription_id is not null or gaps.term_start is distinct from gaps.told_from)
        and gaps.subscription_id in (select invoiced.subscription_id from invoiced)
        and gaps.subscription_id not in (
            select listed.subscription_id from listed where listed.is_cut
        )
    group by
        gaps.subscription_id,
        gaps.customer_id,
        gaps.told_from
)

select * from final
