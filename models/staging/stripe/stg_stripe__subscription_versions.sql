-- Grain: one row per Stripe subscription and load that brought another version of it.
-- What a load brings in the morning is taken for the state at the close of the day before.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with source as (
    select *
    from {{ source('raw_stripe', 'subscription') }}
    where {{ is_live('livemode') }}
    qualify {{ is_newest(['id', '_dlt_load_id']) }}
),

final as (
    select
        source.id as subscription_id,
        source._dlt_load_id as load_id,
        {{ add_days('cast(' ~ loaded_at('source._dlt_load_id') ~ ' as date)', -1) }} as seen_on,
        {{ stripe_id('source.customer') }} as customer_id,
        source.status,
        {{ from_unix('source.created') }} as created_at,
        {{ from_unix('coalesce(source.start_date, source.created)') }} as started_at,
        {{ from_unix('source.ended_at') }} as ended_at,
        {{ from_unix('source.canceled_at') }} as canceled_at,
        {{ from_unix('source.trial_start') }} as trial_start_at,
        {{ from_unix('source.trial_end') }} as trial_end_at,
        {{ json_text('source.cancellation_details', '$.reason') }} as cancellation_reason,
        {{ json_text('source.cancellation_details', '$.feedback') }} as cancellation_feedback,
        {{ json_text('source.cancellation_details', '$.comment') }} as cancellation_comment,
        {{ from_unix(
            'coalesce(source.cancel_at,'
            ~ ' case when source.cancel_at_period_end then source.current_period_end end)'
        ) }} as cancel_at,
        {{ json_unix_time('source.pause_collection', '$.resumes_at') }} as resumes_at,
        -- From API version 2025-03-31 on, the period is said by the items.
        {{ from_unix(
            "coalesce(source.current_period_start, try_cast("
            ~ json_text('source.items', '$.data[0].current_period_start') ~ " as bigint))"
        ) }} as current_period_start_at,
        {{ from_unix(
            "coalesce(source.current_period_end, try_cast("
            ~ json_text('source.items', '$.data[0].current_period_end') ~ " as bigint))"
        ) }} as current_period_end_at,
        upper(source.currency) as currency,
        coalesce(source.pause_collection, 'null') <> 'null' as is_paused,
        source.items,
        source.discount,
        source.discounts
    from source
)

select * from final
