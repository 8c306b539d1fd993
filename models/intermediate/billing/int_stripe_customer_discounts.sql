-- Grain: one row per Stripe customer and discount that the customer has or had.
-- A customer has one discount at a time. It is gone from the first day on which the customer has
-- none or another one: by an event (it was taken away, another took its place) or by a load.
-- What ends by itself says so in the discount. What only bills have, be it bills of nothing, is
-- gone when the last of its subscriptions is billed without any discount.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with mentions as (
    select
        holder,
        customer_id,
        seen_at,
        discount_id,
        starts_at
    from {{ ref('int_stripe_discount_mentions') }}
    where
        holder in (
            'customer', 'customer_event', 'customer_before', 'discount', 'discount_deleted'
        )
        and of_subscription_id is null
        and of_item_id is null
        and of_invoice_id is null
),

events as (
    select
        created_at,
        event_type,
        object
    from {{ ref('stg_stripe__customer_events') }}
),

versions as (
    select
        customer_id,
        cast({{ dbt.dateadd('day', 1, 'seen_on') }} as timestamp) as seen_at,
        nullif(discount, 'null') as discount,
        -- Whether the export has discounts: a customer without one has none then.
        bool_or(discount is not null) over () as has_discounts
    from {{ ref('stg_stripe__customer_versions') }}
),

told as (
    select
        customer_id,
        discount_id,
        starts_on
    from {{ ref('int_stripe_told_discounts') }}
    where customer_id is not null
),

billed as (
    select
        discount_id,
        max(coalesce(missing_from, cast('9999-12-31' as date))) as missing_from
    from {{ ref('int_stripe_billed_discounts') }}
    group by discount_id
),

-- What a customer has from then on; null: none. An object without the key says nothing of it.
observed as (
    select
        customer_id,
        seen_at,
        discount_id
    from mentions
    where holder in ('customer', 'customer_event', 'discount')
    union all
    select
        customer_id,
        seen_at,
        null as discount_id
    from mentions
    where holder = 'discount_deleted'
    union all
    select
        {{ json_text('object', '$.id') }} as customer_id,
        created_at as seen_at,
        null as discount_id
    from events
    where
        not starts_with(event_type, 'customer.discount.')
        and object like '%"discount":%'
        and coalesce({{ json_text('object', '$.discount') }}, 'null') = 'null'
    union all
    select
        customer_id,
        seen_at,
        null as discount_id
    from versions
    where
        has_discounts
        and discount is null
    union all
    -- One that only bills tell took the place of the one before it.
    select
        customer_id,
        cast(starts_on as timestamp) as seen_at,
        discount_id
    from told
),

held as (
    select
        customer_id,
        discount_id,
        max(
            case when holder in ('customer', 'customer_event', 'discount') then seen_at end
        ) as last_seen_at,
        max(starts_at) as starts_at
    from mentions
    where customer_id is not null
    group by
        customer_id,
        discount_id
),

all_held as (
    select
        customer_id,
        discount_id,
        coalesce(last_seen_at, starts_at) as held_at,
        cast(null as date) as missing_from,
        false as is_only_billed
    from held
    union all
    select
        told.customer_id,
        told.discount_id,
        cast(told.starts_on as timestamp) as held_at,
        nullif(billed.missing_from, cast('9999-12-31' as date)) as missing_from,
        true as is_only_billed
    from told
    left outer join billed
        on told.discount_id = billed.discount_id
    left outer join held
        on
            told.customer_id = held.customer_id
            and told.discount_id = held.discount_id
    where held.discount_id is null
),

final as (
    select
        all_held.customer_id,
        all_held.discount_id,
        cast(all_held.held_at as date) as held_on,
        least(cast(min(observed.seen_at) as date), all_held.missing_from) as gone_on,
        all_held.is_only_billed
    from all_held
    left outer join observed
        on
            all_held.customer_id = observed.customer_id
            and all_held.discount_id is distinct from observed.discount_id
            and all_held.held_at < observed.seen_at
    group by
        all_held.customer_id,
        all_held.discount_id,
        all_held.held_at,
        all_held.missing_from,
        all_held.is_only_billed
)

select * from final
