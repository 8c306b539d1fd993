-- Grain: one row per user number and day on which an event of the user was delivered.
-- Counts events by the day they happened, each event once. A row whose deliveries were all repeats
-- has 0 events. User numbers stand for the source's own keys, so a changed identity never touches
-- this table.
{%- set rule %}{{ user_key_generation(ref('int_product_user_keys')) }}{% endset %}
{{ config(
    materialized='incremental',
    incremental_strategy='replace_changed',
    on_schema_change='fail',
    unique_key=['user_no', 'usage_date'],
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
{%- set stretches = stale_stretches(stale, ref('int_product_events')) %}

with user_keys as (
    select
        source_system,
        account_key,
        user_id,
        user_no
    from {{ ref('int_product_user_keys') }}
),

-- Stretch by stretch, which keeps the hash tables small. A left join, so that a user without a
-- number fails the contract instead of losing events.
delivered as (
    {%- for stretch in stretches %}
    select
        user_keys.user_no,
        cast(events.occurred_at as date) as usage_date,
        count(*) as deliveries
    from {{ ref('int_product_events') }} as events
    left outer join user_keys
        on
            events.source_system = user_keys.source_system
            and events.account_key is not distinct from user_keys.account_key
            and events.user_id is not distinct from user_keys.user_id
    where {{ in_stale_days('events.occurred_at', stretch) | indent(4) }}
    group by
        user_keys.user_no,
        cast(events.occurred_at as date)
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

repeated as (
    select
        user_no,
        usage_date,
        sum(repeats) as repeats
    from {{ ref('int_product_repeats') }}
    where {{ in_stale_days('usage_date', stale) }}
    group by
        user_no,
        usage_date
),

final as (
    select
        delivered.user_no,
        delivered.usage_date,
        cast(delivered.deliveries - coalesce(repeated.repeats, 0) as integer) as events,
        {{ stale.build_no }} as build_no
    from delivered
    left outer join repeated
        on
            delivered.user_no = repeated.user_no
            and delivered.usage_date = repeated.usage_date
)

select * from final
