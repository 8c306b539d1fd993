-- Grain: one row per source system, account key and user that ever sent an event.
-- Numbers the users: counting and sorting events by a number takes half the time it takes by the
-- source's own long keys. Numbers are given once and kept; `generation` is new when all of them
-- are, and the models that hold numbers are then built anew. An event without a user or account
-- has a number like any other, and so has who only sent events that are excluded today.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    post_hook="{{ note_progress(this, ref('int_product_deliveries')) }}"
) }}
{%- set stale = stale_usage_days(this, ref('int_product_deliveries')) %}

with delivered as (
    select
        source_system,
        account_key,
        user_id
    from {{ ref('int_product_deliveries') }}
    where {{ in_stale_days('occurred_at', stale) }}
    group by
        source_system,
        account_key,
        user_id
),

{% if has_reported_usage() -%}
united as (
    select
        source_system,
        account_key,
        user_id
    from delivered
    union
    select
        source_system,
        account_key,
        user_id
    from {{ ref('int_product_reported_usage') }}
),

{% endif -%}
new_keys as (
    select
        source_system,
        account_key,
        user_id
    from {{ 'united' if has_reported_usage() else 'delivered' }}
    {%- if is_incremental() %}
    except
    select
        source_system,
        account_key,
        user_id
    from {{ this }}
    {%- endif %}
),

final as (
    select
        source_system,
        account_key,
        user_id,
        cast(
            row_number() over (order by source_system, account_key, user_id)
            {%- if is_incremental() %}
            + coalesce((select max(known.user_no) from {{ this }} as known), 0)
            {%- endif %} as integer
        ) as user_no,
        {% if is_incremental() -%}
        coalesce(
            (select max(known.generation) from {{ this }} as known), '{{ invocation_id }}'
        ) as generation
        {%- else -%}
        '{{ invocation_id }}' as generation
        {%- endif %}
    from new_keys
)

select * from final
