-- Grain: one row per source system and survey answer given by the as-of date.
-- The contact is the one the source names, else the CRM contact with the person's e-mail.
{% set columns = {
    'response_id': 'varchar',
    'account_key': 'varchar',
    'survey_type': 'varchar',
    'score': 'decimal(9, 4)',
    'responded_at': 'timestamp',
    'contact_id': 'varchar',
    'email': 'varchar',
    'comment': 'varchar',
    'request_id': 'varchar',
    'sent_at': 'timestamp',
} %}

with united as (
    {{ union_systems(
        'feedback',
        {'delighted': 'int_delighted_surveys', 'files': 'int_files_surveys'},
        columns
    ) }}
),

accounts as (
    select
        source_system,
        system_key,
        account_id
    from {{ ref('int_account_xref') }}
),

owners as (
    select
        account_id,
        owner_account_id
    from {{ ref('int_account_ownership') }}
    where valid_to is null
),

contacts as (
    select
        lower(email) as email,
        max(contact_id) as contact_id
    from {{ ref('int_crm_contacts') }}
    where email is not null
    group by lower(email)
    having count(*) = 1
),

final as (
    select
        united.source_system,
        united.response_id,
        united.survey_type,
        united.score,
        united.responded_at,
        united.comment,
        united.request_id,
        united.sent_at,
        coalesce(owners.owner_account_id, 'unassigned') as account_id,
        coalesce(united.contact_id, contacts.contact_id) as contact_id
    from united
    left outer join accounts
        on
            united.source_system = accounts.source_system
            and united.account_key = accounts.system_key
    left outer join owners
        on accounts.account_id = owners.account_id
    left outer join contacts
        on united.email = contacts.email
    where cast(united.responded_at as date) <= {{ as_of_date() }}
)

select * from final
