-- Grain: one row per account and onboarding milestone.
-- Of two merged accounts with the same milestone the survivor's own counts, then the one that
-- was completed first.
{% set columns = {
    'account_id': 'varchar',
    'milestone': 'varchar',
    'due_at': 'timestamp',
    'completed_at': 'timestamp',
} %}

with united as (
    {{ union_systems(
        'crm',
        {'salesforce': 'int_salesforce_milestones', 'files': 'stg_files__milestones'},
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
        owners.owner_account_id as account_id,
        united.milestone,
        united.due_at,
        case
            when cast(united.completed_at as date) <= {{ as_of_date() }} then united.completed_at
        end as completed_at
    from united
    inner join owners
        on united.account_id = owners.account_id
    qualify row_number() over (
        partition by owners.owner_account_id, united.milestone
        order by
            case when united.account_id = owners.owner_account_id then 0 else 1 end,
            united.completed_at asc nulls last,
            united.due_at asc nulls last
    ) = 1
)

select * from final
