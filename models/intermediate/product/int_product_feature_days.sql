-- Grain: one row per source system, account key, event name and day, for tracked events.
-- Each event counts once, as in int_product_user_days. When the list of tracked events changes,
-- all days are counted again.
{{ config(
    materialized='incremental',
    incremental_strategy='replace_changed',
    on_schema_change='fail',
    unique_key=['source_system', 'account_key', 'event_name', 'usage_date']
) }}
{%- set reach = var('usage_lookback_days') | int %}
{%- set tracked = tracked_events_fingerprint(ref('int_product_tracked_events')) %}
{%- set stale = stale_usage_days(this, ref('int_product_events'), tracked) %}
{%- set is_tracked %}
    event_name in (select event_name from {{ ref('int_product_tracked_events') }})
{%- endset %}

with {{ repeated_delivery_ctes(
    ref('int_product_events'),
    in_stale_days('occurred_at', stale, reach) ~ ' and ' ~ is_tracked
) }},

weighted as (
    select
        source_system,
        account_key,
        event_name,
        cast(occurred_at as date) as usage_date,
        1 as weight
    from {{ ref('int_product_events') }}
    where
        {{ in_stale_days('occurred_at', stale) }}
        and {{ is_tracked }}
    union all
    select
        source_system,
        account_key,
        event_name,
        usage_date,
        -1 as weight
    from repeats
    where {{ in_stale_days('usage_date', stale) }}
),

final as (
    select
        source_system,
        account_key,
        event_name,
        usage_date,
        cast(sum(weight) as bigint) as events,
        {{ usage_bookkeeping(stale) }}
    from weighted
    group by
        source_system,
        account_key,
        event_name,
        usage_date
)

select * from final
