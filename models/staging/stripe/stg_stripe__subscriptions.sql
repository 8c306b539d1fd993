-- Grain: one row per Stripe subscription, as it is today.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with source as (
    select *
    from {{ source('raw_stripe', 'subscription') }}
    qualify {{ is_newest(['id']) }}
),

final as (
    select
        source.id as subscription_id,
        source.customer as customer_id,
        source.status,
        {{ from_unix('source.created') }} as created_at,
        {{ from_unix('coalesce(source.start_date, source.created)') }} as started_at,
        {{ from_unix('source.ended_at') }} as ended_at,
        {{ from_unix('source.canceled_at') }} as canceled_at,
        coalesce(source.cancel_at_period_end, false) as is_cancel_at_period_end,
        {{ json_text('source.cancellation_details', '$.reason') }} as cancellation_reason,
        {{ json_text('source.cancellation_details', '$.feedback') }} as cancellation_feedback,
        {{ json_text('source.cancellation_details', '$.comment') }} as cancellation_comment,
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
        source.pause_collection,
        source.items,
        source.discount,
        source.discounts,
        source._dlt_load_id as load_id
    from source
)

select * from final
