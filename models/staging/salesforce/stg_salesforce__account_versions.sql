-- Grain: one row per Salesforce account and version of it that was delivered.
{{ config(enabled=source_is_on('crm', 'salesforce')) }}

with versions as (
    select *
    from {{ source('raw_salesforce', 'account') }}
    qualify {{ is_newest(['id', 'system_modstamp']) }}
),

final as (
    select
        id as account_id,
        master_record_id,
        system_modstamp as updated_at
    from versions
)

select * from final
