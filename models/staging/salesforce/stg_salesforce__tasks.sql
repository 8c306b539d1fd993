-- Grain: one row per Salesforce task (calls, e-mails), deleted ones included.
{{ config(enabled=source_is_on('crm', 'salesforce')) }}

with newest as (
    select *
    from {{ source('raw_salesforce', 'task') }}
    qualify {{ is_newest(['id'], 'system_modstamp') }}
),

final as (
    select
        id as task_id,
        account_id,
        who_id as contact_id,
        owner_id,
        subject,
        type as task_type,
        status,
        outcome__c as outcome,
        activity_date,
        completed_date_time as completed_at,
        created_date as created_at,
        system_modstamp as updated_at,
        coalesce(is_deleted, false) as is_deleted
    from newest
)

select * from final
