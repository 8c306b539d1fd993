-- Grain: one row per account that usage came to or left, with the first such day.
-- Since fct_account_usage_day was built: a key was mapped, accounts were merged, the group of a
-- user became known, a user is excluded or no longer. Asks what that table holds. Days that were
-- counted anew are among them where their user is new.
-- depends_on: {{ ref('int_product_people') }}
-- depends_on: {{ ref('int_product_user_days') }}
{{ config(materialized='table') }}

{% if usage_fact_progress(built_before(usage_fact())) is not none -%}
with moved as (
    {{ moved_user_days(
        usage_fact(), ref('int_product_user_days'), ref('int_product_people')
    ) | indent(4) }}
),

accounts as (
    select
        account_before as account_id,
        min(usage_date) as usage_date
    from moved
    where account_before is not null
    group by account_before
    union all
    select
        account_now as account_id,
        min(usage_date) as usage_date
    from moved
    where account_now is not null
    group by account_now
),

final as (
    select
        account_id,
        min(usage_date) as usage_date
    from accounts
    group by account_id
)
{%- else -%}
with final as (
    select
        cast(null as varchar) as account_id,
        cast(null as date) as usage_date
    where false
)
{%- endif %}

select * from final
