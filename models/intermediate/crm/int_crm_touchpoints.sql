-- Grain: one row per touchpoint with an account that was held by the as-of date.
{% set columns = {
    'touchpoint_id': 'varchar',
    'account_id': 'varchar',
    'occurred_at': 'timestamp',
    'touchpoint_type': 'varchar',
    'csm_id': 'varchar',
    'contact_id': 'varchar',
    'outcome': 'varchar',
    'subject': 'varchar',
} %}

with united as (
    {{ union_systems(
        'crm',
        {'salesforce': 'int_salesforce_touchpoints', 'files': 'stg_files__touchpoints'},
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
        united.touchpoint_id,
        united.occurred_at,
        united.touchpoint_type,
        united.csm_id,
        united.contact_id,
        united.outcome,
        united.subject,
        coalesce(owners.owner_account_id, 'unassigned') as account_id
    from united
    left outer join owners
        on united.account_id = owners.account_id
    where cast(united.occurred_at as date) <= {{ as_of_date() }}
)

select * from final
