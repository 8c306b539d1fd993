-- Grain: one row per source system, account key, event name and day, for tracked events.
-- Each event counts once, as in int_product_user_days. When the list of tracked events changes,
-- all days are counted again.
{%- set rule %}{{ tracked_events(ref('int_product_tracked_events')) }}{% endset %}
{{ config(
    materialized='incremental',
    incremental_strategy='replace_changed',
    on_schema_change='fail',
    unique_key=['source_system', 'account_key', 'event_name', 'usage_date'],
    pre_hook="{{ empty_if_everything_is_stale(
        this, tracked_events(ref('int_product_tracked_events'))
    ) }}",
    post_hook="{{ note_progress(
        this, ref('int_product_events'), tracked_events(ref('int_product_tracked_events')),
        ref('int_product_repeats')
    ) }}"
) }}
{%- set stale = stale_usage_days(
    this, ref('int_product_events'), rule, also=ref('int_product_repeats')
) %}
{%- set stretches = stale_stretches(stale, ref('int_product_events')) %}

with tracked as (
    select event_name
    from {{ ref('int_product_tracked_events') }}
),

user_keys as (
    select
        source_system,
        account_key,
        user_no
    from {{ ref('int_product_user_keys') }}
),

delivered as (
    {%- for first, last in stretches %}
    select
        events.source_system,
        coalesce(events.account_key, '') as account_key,
        events.event_name,
        cast(events.occurred_at as date) as usage_date,
        count(*) as deliveries
    from {{ ref('int_product_events') }} as events
    inner join tracked
        on events.event_name = tracked.event_name
    where {{ within_days('events.occurred_at', first, last) | indent(4) }}
    group by
        events.source_system,
        coalesce(events.account_key, ''),
        events.event_name,
        cast(events.occurred_at as date)
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

repeated as (
    select
        user_keys.source_system,
        coalesce(user_keys.account_key, '') as account_key,
        repeats.event_name,
        repeats.usage_date,
        sum(repeats.repeats) as repeats
    from {{ ref('int_product_repeats') }} as repeats
    inner join user_keys
        on repeats.user_no = user_keys.user_no
    where {{ in_stale_days('repeats.usage_date', stale) }}
    group by
        user_keys.source_system,
        coalesce(user_keys.account_key, ''),
        repeats.event_name,
        repeats.usage_date
),

final as (
    select
        delivered.source_system,
        delivered.account_key,
        delivered.event_name,
        delivered.usage_date,
        cast(delivered.deliveries - coalesce(repeated.repeats, 0) as integer) as events,
        {{ stale.build_no }} as build_no
    from delivered
    left outer join repeated
        on
            delivered.source_system = repeated.source_system
            and delivered.account_key = repeated.account_key
            and delivered.event_name = repeated.event_name
            and delivered.usage_date = repeated.usage_date
)

select * from final
