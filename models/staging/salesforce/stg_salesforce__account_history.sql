-- Grain: one row per change of a tracked field of a Salesforce account.
{{ config(enabled=source_is_on('crm', 'salesforce')) }}

with newest as (
    select *
    from {{ source('raw_salesforce', 'account_history') }}
    qualify {{ is_newest(['id']) }}
),

final as (
    select
        id as change_id,
        account_id,
        field as field_name,
        old_value,
        new_value,
        created_date as changed_at
    from newest
)

select * from final
