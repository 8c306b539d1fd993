-- Grain: one row per reason recorded for a churn.
{{ config(enabled=source_is_on('crm', 'salesforce')) }}

with newest as (
    select *
    from {{ source('raw_salesforce', 'churn_reason__c') }}
    qualify {{ is_newest(['id'], 'system_modstamp') }}
),

final as (
    select
        id as churn_reason_id,
        account__c as account_id,
        churned_on__c as churned_on,
        reason__c as reason,
        detail__c as detail,
        is_controllable__c as is_controllable,
        system_modstamp as updated_at,
        coalesce(is_deleted, false) as is_deleted
    from newest
)

select * from final
