-- Grain: one row per Salesforce calendar event (meetings), deleted ones included.
{{ config(enabled=source_is_on('crm', 'salesforce')) }}

with newest as (
    select *
    from {{ source('raw_salesforce', 'event') }}
    qualify {{ is_newest(['id'], 'system_modstamp') }}
),

final as (
    select
        id as event_id,
        account_id,
        who_id as contact_id,
        owner_id,
        subject,
        type as event_type,
        outcome__c as outcome,
        start_date_time as started_at,
        end_date_time as ended_at,
        created_date as created_at,
        system_modstamp as updated_at,
        coalesce(is_deleted, false) as is_deleted
    from newest
)

select * from final
