-- Grain: one row per change of a Stripe subscription; subscription is the object from then on.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with source as (
    select *
    from {{ source('raw_stripe', 'event') }}
    where
        starts_with(type, 'customer.subscription.')
        and {{ is_live(
            "coalesce(livemode, " ~ json_text('data', '$.object.livemode') ~ ")"
        ) }}
    qualify {{ is_newest(['id']) }}
),

final as (
    select
        source.id as event_id,
        source.type as event_type,
        {{ from_unix('source.created') }} as created_at,
        {{ json_text('source.data', '$.object.id') }} as subscription_id,
        {{ json_text('source.data', '$.object') }} as subscription,
        -- What the change took away; null unless the change is an update.
        {{ json_text('source.data', '$.previous_attributes') }} as previous_attributes,
        -- Where it was delivered: the last word on the order of events of one second.
        source._dlt_load_id as load_id,
        source._source_file as source_file,
        source._source_line as source_line
    from source
    where {{ json_text('source.data', '$.object.id') }} is not null
)

select * from final
