-- Grain: one row per source system and product user created by the as-of date.
{% set columns = {
    'user_id': 'varchar',
    'account_key': 'varchar',
    'email': 'varchar',
    'created_at': 'timestamp',
    'is_active': 'boolean',
    'contact_id': 'varchar',
} %}

with united as (
    {{ union_systems(
        'product',
        {'segment': 'int_segment_users', 'files': 'int_files_users'},
        columns
    ) }}
),

xref as (
    select
        source_system,
        system_key,
        account_id
    from {{ ref('int_account_xref') }}
),

survivors as (
    select
        account_id,
        survivor_account_id
    from {{ ref('int_account_survivors') }}
),

final as (
    select
        united.source_system,
        united.user_id,
        united.account_key,
        united.email,
        united.created_at,
        united.is_active,
        united.contact_id,
        coalesce(survivors.survivor_account_id, xref.account_id, 'unassigned') as account_id
    from united
    left outer join xref
        on
            united.source_system = xref.source_system
            and united.account_key = xref.system_key
    left outer join survivors
        on xref.account_id = survivors.account_id
    where
        united.created_at is null
        or united.created_at < {{ day_start(as_of_date(), 1) }}
)

select * from final
