-- Grain: one row per user number, event name and day, for events that stand for a feature.
-- Each event counts once, as in int_product_user_days. When the list of event names changes, all
-- days are counted again.
{%- set rule -%}
{{ user_key_generation(ref('int_product_user_keys')) ~ ' '
    ~ mapped_events(ref('int_product_features')) }}
{%- endset %}
{{ config(
    materialized='incremental',
    incremental_strategy='replace_changed',
    on_schema_change='fail',
    unique_key=['user_no', 'event_name', 'usage_date'],
    pre_hook="{{ empty_if_everything_is_stale(
        this,
        user_key_generation(ref('int_product_user_keys'))
        ~ ' ' ~ mapped_events(ref('int_product_features'))
    ) }}",
    post_hook="{{ note_progress(
        this,
        ref('int_product_events'),
        user_key_generation(ref('int_product_user_keys'))
        ~ ' ' ~ mapped_events(ref('int_product_features')),
        ref('int_product_repeats')
    ) }}"
) }}
{%- set stale = stale_usage_days(
    this, ref('int_product_events'), rule, also=ref('int_product_repeats')
) %}
{%- set stretches = stale_stretches(stale, ref('int_product_events')) %}

with mapped as (
    select event_name
    from {{ ref('int_product_features') }}
),

user_keys as (
    select
        source_system,
        account_key,
        user_id,
        user_no
    from {{ ref('int_product_user_keys') }}
),

delivered as (
    {%- for stretch in stretches %}
    select
        user_keys.user_no,
        events.event_name,
        cast(events.occurred_at as date) as usage_date,
        count(*) as deliveries
    from {{ ref('int_product_events') }} as events
    inner join mapped
        on events.event_name = mapped.event_name
    left outer join user_keys
        on
            events.source_system = user_keys.source_system
            and events.account_key is not distinct from user_keys.account_key
            and events.user_id is not distinct from user_keys.user_id
    where {{ in_stale_days('events.occurred_at', stretch) | indent(4) }}
    group by
        user_keys.user_no,
        events.event_name,
        cast(events.occurred_at as date)
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

repeated as (
    select
        user_no,
        event_name,
        usage_date,
        sum(repeats) as repeats
    from {{ ref('int_product_repeats') }}
    where {{ in_stale_days('usage_date', stale) }}
    group by
        user_no,
        event_name,
        usage_date
),

final as (
    select
        delivered.user_no,
        delivered.event_name,
        delivered.usage_date,
        cast(delivered.deliveries - coalesce(repeated.repeats, 0) as integer) as events,
        {{ stale.build_no }} as build_no
    from delivered
    left outer join repeated
        on
            delivered.user_no = repeated.user_no
            and delivered.event_name = repeated.event_name
            and delivered.usage_date = repeated.usage_date
)

select * from final
