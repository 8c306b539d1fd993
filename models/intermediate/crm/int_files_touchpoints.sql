-- Grain: one row per touchpoint of the canonical files.
{{ config(enabled=source_is_on('crm', 'files'), materialized='view') }}

with final as (
    select
        touchpoint_id,
        account_id,
        occurred_at,
        csm_id,
        contact_id,
        outcome,
        subject,
        touchpoint_type as source_type,
        'other' as default_type
    from {{ ref('stg_files__touchpoints') }}
)

select * from final
