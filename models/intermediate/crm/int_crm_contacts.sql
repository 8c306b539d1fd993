-- Grain: one row per contact that the CRM had at the as-of date.
{% set columns = {
    'contact_id': 'varchar',
    'account_id': 'varchar',
    'email': 'varchar',
    'full_name': 'varchar',
    'title': 'varchar',
    'contact_role': 'varchar',
    'left_at': 'timestamp',
    'created_at': 'timestamp',
    'is_active': 'boolean',
} %}

with united as (
    {{ union_systems(
        'crm',
        {'salesforce': 'int_salesforce_contacts', 'files': 'int_files_contacts'},
        columns
    ) }}
),

owners as (
    select
        account_id,
        owner_account_id
    from {{ ref('int_account_ownership') }}
    where valid_to is null
),

final as (
    select
        united.source_system,
        united.contact_id,
        united.email,
        united.full_name,
        united.title,
        united.contact_role,
        united.created_at,
        coalesce(owners.owner_account_id, 'unassigned') as account_id,
        case
            when cast(united.left_at as date) <= {{ as_of_date() }} then united.left_at
        end as left_at,
        (
            -- Without a day, a contact that is not active counts as gone since ever.
            coalesce(cast(united.left_at as date) > {{ as_of_date() }}, united.is_active)
        ) as is_active
    from united
    left outer join owners
        on united.account_id = owners.account_id
    where united.created_at is null or cast(united.created_at as date) <= {{ as_of_date() }}
)

select * from final
