-- Grain: one row per health override in Salesforce that is not deleted.
{{ config(enabled=source_is_on('crm', 'salesforce'), materialized='view') }}

with final as (
    select
        health_override_id,
        account_id,
        score,
        author,
        reason,
        valid_from,
        expires_on
    from {{ ref('stg_salesforce__health_overrides') }}
    where not is_deleted
)

select * from final
