-- Grain: one row per user number, event name, day it happened and later day on which it arrived.
-- Events that were not known yet at the end of the day on which they happened, each event once.
-- Few: most events arrive at once. What was known on a day is int_product_user_days and
-- int_product_feature_days less what arrived later. A row whose deliveries were all repeats has 0.
{%- set rule %}{{ user_key_generation(ref('int_product_user_keys')) }}{% endset %}
{{ config(
    materialized='incremental',
    incremental_strategy='replace_changed',
    on_schema_change='fail',
    unique_key=['user_no', 'event_name', 'usage_date', 'known_on'],
    pre_hook="{{ empty_if_everything_is_stale(
        this, user_key_generation(ref('int_product_user_keys'))
    ) }}",
    post_hook="{{ note_progress(
        this, ref('int_product_events'), user_key_generation(ref('int_product_user_keys')),
        ref('int_product_repeats')
    ) }}"
) }}
{%- set stale = stale_usage_days(
    this, ref('int_product_events'), rule, also=ref('int_product_repeats')
) %}

with user_keys as (
    select
        source_system,
        account_key,
        user_id,
        user_no
    from {{ ref('int_product_user_keys') }}
),

late as (
    select
        source_system,
        account_key,
        user_id,
        event_name,
        cast(occurred_at as date) as usage_date,
        cast(received_at as date) as known_on
    from {{ ref('int_product_events') }}
    where
        {{ in_stale_days('occurred_at', stale) }}
        and cast(received_at as date) > cast(occurred_at as date)
),

delivered as (
    select
        user_keys.user_no,
        late.event_name,
        late.usage_date,
        late.known_on,
        count(*) as deliveries
    from late
    left outer join user_keys
        on
            late.source_system = user_keys.source_system
            and late.account_key is not distinct from user_keys.account_key
            and late.user_id is not distinct from user_keys.user_id
    group by
        user_keys.user_no,
        late.event_name,
        late.usage_date,
        late.known_on
),

repeated as (
    select
        user_no,
        event_name,
        usage_date,
        received_on,
        repeats
    from {{ ref('int_product_repeats') }}
    where {{ in_stale_days('usage_date', stale) }}
),

final as (
    select
        delivered.user_no,
        delivered.event_name,
        delivered.usage_date,
        delivered.known_on,
        cast(delivered.deliveries - coalesce(repeated.repeats, 0) as integer) as events,
        {{ stale.build_no }} as build_no
    from delivered
    left outer join repeated
        on
            delivered.user_no = repeated.user_no
            and delivered.event_name = repeated.event_name
            and delivered.usage_date = repeated.usage_date
            and delivered.known_on = repeated.received_on
)

select * from final
