-- Grain: one row per onboarding milestone record in Salesforce that is not deleted.
{{ config(enabled=source_is_on('crm', 'salesforce'), materialized='view') }}

with final as (
    select
        milestone_id,
        account_id,
        milestone,
        cast(due_on as timestamp) as due_at,
        cast(completed_on as timestamp) as completed_at
    from {{ ref('stg_salesforce__onboarding_milestones') }}
    where not is_deleted
)

select * from final
