-- Grain: one row per account and first day of a health override of the canonical files.
{{ config(enabled=source_is_on('crm', 'files'), materialized='view') }}

with final as (
    select
        account_id || '|' || cast(valid_from as varchar) as health_override_id,
        account_id,
        score,
        author,
        reason,
        valid_from,
        expires_at as expires_on
    from {{ ref('stg_files__health_overrides') }}
)

select * from final
