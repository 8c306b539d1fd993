-- Grain: one row per health override that began by the as-of date.
{% set columns = {
    'health_override_id': 'varchar',
    'account_id': 'varchar',
    'score': 'decimal(9, 4)',
    'author': 'varchar',
    'reason': 'varchar',
    'valid_from': 'date',
    'expires_on': 'date',
} %}

with united as (
    {{ union_systems(
        'crm',
        {'salesforce': 'int_salesforce_health_overrides', 'files': 'int_files_health_overrides'},
        columns
    ) }}
),

owners as (
    select
        account_id,
        owner_account_id
    from {{ ref('int_account_ownership') }}
    where valid_to is null and owner_account_id <> 'unassigned'
),

final as (
    select
        united.source_system,
        united.health_override_id,
        owners.owner_account_id as account_id,
        united.score,
        united.author,
        united.reason,
        united.valid_from,
        united.expires_on
    from united
    inner join owners
        on united.account_id = owners.account_id
    where united.valid_from <= {{ as_of_date() }}
)

select * from final
