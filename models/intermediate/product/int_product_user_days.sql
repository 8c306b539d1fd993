-- Grain: one row per source system, account key, user and day on which an event was delivered.
-- Counts events by the day they happened, each event once: a repeated delivery (same event id
-- within usage_lookback_days) is taken off again. A row whose deliveries were all repeats has 0
-- events. Keys are the source's own, so a changed identity never touches this table.
{{ config(
    materialized='incremental',
    incremental_strategy='replace_changed',
    on_schema_change='fail',
    unique_key=['source_system', 'account_key', 'user_id', 'usage_date']
) }}
{%- set reach = var('usage_lookback_days') | int %}
{%- set stale = stale_usage_days(this, ref('int_product_events')) %}

with {{ repeated_delivery_ctes(
    ref('int_product_events'),
    in_stale_days('occurred_at', stale, reach)
) }},

-- One for each delivery, minus one for each repeat: cheaper than a distinct count of event ids.
weighted as (
    select
        source_system,
        account_key,
        user_id,
        cast(occurred_at as date) as usage_date,
        1 as weight
    from {{ ref('int_product_events') }}
    where {{ in_stale_days('occurred_at', stale) }}
    union all
    select
        source_system,
        account_key,
        user_id,
        usage_date,
        -1 as weight
    from repeats
    where {{ in_stale_days('usage_date', stale) }}
),

final as (
    select
        source_system,
        account_key,
        user_id,
        usage_date,
        cast(sum(weight) as bigint) as events,
        {{ usage_bookkeeping(stale) }}
    from weighted
    group by
        source_system,
        account_key,
        user_id,
        usage_date
)

select * from final
