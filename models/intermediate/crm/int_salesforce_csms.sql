-- Grain: one row per Salesforce user.
-- Salesforce does not say who is a CSM: any user may be named as one on an account.
{{ config(enabled=source_is_on('crm', 'salesforce'), materialized='view') }}

with final as (
    select
        user_id as csm_id,
        user_name as csm_name,
        email,
        manager_id,
        is_active
    from {{ ref('stg_salesforce__users') }}
)

select * from final
