-- Grain: one row per churn reason record in Salesforce that is not deleted.
{{ config(enabled=source_is_on('crm', 'salesforce'), materialized='view') }}

with final as (
    select
        churn_reason_id,
        account_id,
        churned_on,
        reason,
        detail,
        is_controllable
    from {{ ref('stg_salesforce__churn_reasons') }}
    where not is_deleted
)

select * from final
