-- Grain: one row per onboarding milestone of an account.
{{ config(enabled=source_is_on('crm', 'salesforce')) }}

with newest as (
    select *
    from {{ source('raw_salesforce', 'onboarding_milestone__c') }}
    qualify {{ is_newest(['id'], 'system_modstamp') }}
),

final as (
    select
        id as milestone_id,
        account__c as account_id,
        milestone__c as milestone,
        due_date__c as due_on,
        completed_date__c as completed_on,
        system_modstamp as updated_at,
        coalesce(is_deleted, false) as is_deleted
    from newest
)

select * from final
