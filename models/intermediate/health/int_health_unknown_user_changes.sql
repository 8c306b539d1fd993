-- Grain: one row per phase and day on which the number of days with unknown users changes.
-- Usage that was reported for a day without its users hides for 28 days who was active. Empty
-- unless a company reports usage per day.
{{ config(materialized='ephemeral') }}

with sources as (
    select
        phase_no,
        source_system,
        account_key
    from {{ ref('int_health_usage_sources') }}
),

reported as (
    select
        source_system,
        account_key,
        usage_date
    from {{ ref('int_product_reported_days') }}
    where user_id is null
),

changes as (
    {%- for days, sign in [(0, ''), (28, '-')] %}
    select
        sources.phase_no,
        {{ add_days('reported.usage_date', days) }} as date_day,
        {{ sign }}1 as unknown_users
    from reported
    inner join sources
        on
            reported.source_system = sources.source_system
            and reported.account_key = sources.account_key
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

final as (
    select
        phase_no,
        date_day,
        sum(unknown_users) as unknown_users
    from changes
    group by
        phase_no,
        date_day
)

select * from final
