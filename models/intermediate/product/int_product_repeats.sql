-- Grain: one row per user number, event name, day and day of receipt of repeated deliveries.
-- A delivery repeats an event when another of the same event id, on a day within
-- usage_lookback_days, goes before it: the first received counts; of canonical files the version
-- loaded last, because there a repeat is a correction. `repeats` are to be taken off the
-- deliveries of the day.
{%- set rule %}{{ user_key_generation(ref('int_product_user_keys')) }}{% endset %}
{{ config(
    materialized='incremental',
    incremental_strategy='replace_changed',
    on_schema_change='fail',
    unique_key=['user_no', 'event_name', 'usage_date', 'received_on'],
    pre_hook="{{ empty_if_everything_is_stale(
        this, user_key_generation(ref('int_product_user_keys'))
    ) }}",
    post_hook="{{ note_progress(
        this, ref('int_product_events'), user_key_generation(ref('int_product_user_keys'))
    ) }}"
) }}
{%- set reach = var('usage_lookback_days') | int %}
{%- set stale = stale_usage_days(this, ref('int_product_events'), rule, reach) %}

with user_keys as (
    select
        source_system,
        account_key,
        user_id,
        user_no
    from {{ ref('int_product_user_keys') }}
),

repeated as (
    {%- for stretch in stale_stretches(stale, ref('int_product_events')) %}
    {#- Days between stale ones are counted to the same rows as before. #}
    {%- set first, last = stretch.ranges[0][0], stretch.ranges[-1][1] %}
    {{ repeated_deliveries(ref('int_product_events'), first, last, reach) | indent(4) }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

final as (
    select
        user_keys.user_no,
        repeated.event_name,
        repeated.usage_date,
        repeated.received_on,
        count(*) as repeats,
        {{ stale.build_no }} as build_no
    from repeated
    inner join user_keys
        on
            repeated.source_system = user_keys.source_system
            and repeated.account_key is not distinct from user_keys.account_key
            and repeated.user_id is not distinct from user_keys.user_id
    group by
        user_keys.user_no,
        repeated.event_name,
        repeated.usage_date,
        repeated.received_on
)

select * from final
