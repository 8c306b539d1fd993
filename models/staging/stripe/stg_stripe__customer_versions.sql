-- Grain: one row per Stripe customer and load that brought another version of it.
-- What a load brings in the morning is taken for the state at the close of the day before.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with source as (
    select *
    from {{ source('raw_stripe', 'customer') }}
    where {{ is_live('livemode') }}
    qualify {{ is_newest(['id', '_dlt_load_id']) }}
),

final as (
    select
        source.id as customer_id,
        source._dlt_load_id as load_id,
        {{ add_days('cast(' ~ loaded_at('source._dlt_load_id') ~ ' as date)', -1) }} as seen_on,
        source.discount
    from source
)

select * from final
