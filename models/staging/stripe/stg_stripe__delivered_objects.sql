-- Grain: one row per kind of Stripe object and whether it is live: how many were delivered.
-- What is of test mode, and events about a subscription that they do not name, count nowhere else.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with source as (
    select
        'customer' as object_type,
        id as object_id,
        {{ is_live('livemode') }} as is_live,
        true as is_readable
    from {{ source('raw_stripe', 'customer') }}
    union all
    select
        'subscription' as object_type,
        id as object_id,
        {{ is_live('livemode') }} as is_live,
        true as is_readable
    from {{ source('raw_stripe', 'subscription') }}
    union all
    select
        'subscription_event' as object_type,
        id as object_id,
        {{ is_live(
            "coalesce(livemode, " ~ json_text('data', '$.object.livemode') ~ ")"
        ) }} as is_live,
        {{ json_text('data', '$.object.id') }} is not null as is_readable
    from {{ source('raw_stripe', 'event') }}
    where starts_with(type, 'customer.subscription.')
),

final as (
    select
        object_type,
        is_live,
        count(distinct object_id) as objects,
        count(distinct case when not is_readable then object_id end) as unreadable,
        min(case when not is_readable then object_id end) as first_unreadable_id
    from source
    group by
        object_type,
        is_live
)

select * from final
