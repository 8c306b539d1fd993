-- Grain: one row per Salesforce contact, deleted ones included.
{{ config(enabled=source_is_on('crm', 'salesforce')) }}

with newest as (
    select *
    from {{ source('raw_salesforce', 'contact') }}
    qualify {{ is_newest(['id'], 'system_modstamp') }}
),

final as (
    select
        id as contact_id,
        account_id,
        first_name,
        last_name,
        email,
        title,
        role__c as contact_role,
        left_on__c as left_on,
        master_record_id,
        created_date as created_at,
        system_modstamp as updated_at,
        coalesce(is_deleted, false) as is_deleted
    from newest
)

select * from final
