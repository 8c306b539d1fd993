-- Grain: one row per Salesforce task or event: when it was entered.
{{ config(enabled=source_is_on('crm', 'salesforce'), materialized='view') }}

with final as (
    select
        task_id as touchpoint_id,
        created_at
    from {{ ref('stg_salesforce__tasks') }}
    union all
    select
        event_id as touchpoint_id,
        created_at
    from {{ ref('stg_salesforce__events') }}
)

select * from final
