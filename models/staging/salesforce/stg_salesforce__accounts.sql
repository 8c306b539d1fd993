-- Grain: one row per Salesforce account, deleted and merged ones included.
{{ config(enabled=source_is_on('crm', 'salesforce')) }}

with newest as (
    select *
    from {{ source('raw_salesforce', 'account') }}
    qualify {{ is_newest(['id'], 'system_modstamp') }}
),

final as (
    select
        id as account_id,
        name as account_name,
        type as account_type,
        parent_id as parent_account_id,
        website,
        industry,
        number_of_employees as employee_count,
        billing_country as country,
        region__c as region,
        segment__c as segment,
        lifecycle_status__c as lifecycle_status,
        csm__c as csm_id,
        owner_id,
        master_record_id,
        created_date as created_at,
        system_modstamp as updated_at,
        coalesce(is_deleted, false) as is_deleted
    from newest
)

select * from final
