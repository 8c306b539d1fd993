-- Grain: one row per Stripe customer and discount that the customer has or had.
-- A customer has one discount at a time. It is gone from the first day on which the customer has
-- none or another one: by an event (it was taken away, another took its place) or by a later load.
-- What ends by itself says so in the discount.
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
        holder in ('customer', 'customer_before', 'discount', 'discount_deleted')
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
        lag(nullif(discount, 'null')) over (
            partition by customer_id order by load_id
        ) as discount_before
    from {{ ref('stg_stripe__customer_versions') }}
),

-- What a customer has from then on; null: none. An object without the key says nothing of it.
observed as (
    select
        customer_id,
        seen_at,
        discount_id
    from mentions
    where holder in ('customer', 'discount')
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
        discount is null
        and discount_before is not null
),

held as (
    select
        customer_id,
        discount_id,
        max(case when holder in ('customer', 'discount') then seen_at end) as last_seen_at,
        max(starts_at) as starts_at
    from mentions
    where customer_id is not null
    group by
        customer_id,
        discount_id
),

final as (
    select
        held.customer_id,
        held.discount_id,
        cast(min(observed.seen_at) as date) as gone_on
    from held
    left outer join observed
        on
            held.customer_id = observed.customer_id
            and held.discount_id is distinct from observed.discount_id
            and observed.seen_at > coalesce(held.last_seen_at, held.starts_at)
    group by
        held.customer_id,
        held.discount_id
)

select * from final
