-- Grain: one row per health override that a CSM wrote.
{{ config(enabled=source_is_on('crm', 'salesforce')) }}

with newest as (
    select *
    from {{ source('raw_salesforce', 'health_override__c') }}
    qualify {{ is_newest(['id'], 'system_modstamp') }}
),

final as (
    select
        id as health_override_id,
        account__c as account_id,
        score__c as score,
        author__c as author,
        reason__c as reason,
        valid_from__c as valid_from,
        expires__c as expires_on,
        system_modstamp as updated_at,
        coalesce(is_deleted, false) as is_deleted
    from newest
)

select * from final
