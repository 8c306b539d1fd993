-- Grain: one row per CRM user that can own accounts.
{% set columns = {
    'csm_id': 'varchar',
    'csm_name': 'varchar',
    'email': 'varchar',
    'manager_id': 'varchar',
    'is_active': 'boolean',
} %}

with united as (
    {{ union_systems(
        'crm',
        {'salesforce': 'int_salesforce_csms', 'files': 'stg_files__csms'},
        columns
    ) }}
),

final as (
    select
        source_system,
        csm_id,
        csm_name,
        email,
        manager_id,
        is_active
    from united
)

select * from final
