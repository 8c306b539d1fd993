-- Grain: one row per touchpoint with an account that was held by the as-of date.
-- Types in the words of the vocabulary; of a type that nobody knows, what the source holds for it.
{% set columns = {
    'touchpoint_id': 'varchar',
    'account_id': 'varchar',
    'occurred_at': 'timestamp',
    'source_type': 'varchar',
    'default_type': 'varchar',
    'csm_id': 'varchar',
    'contact_id': 'varchar',
    'outcome': 'varchar',
    'subject': 'varchar',
} %}

with united as (
    {{ union_systems(
        'crm',
        {'salesforce': 'int_salesforce_touchpoints', 'files': 'int_files_touchpoints'},
        columns
    ) }}
),

words as (
    select
        word,
        meaning
    from {{ ref('int_vocabulary') }}
    where field = 'touchpoint_type'
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
        united.source_type,
        united.csm_id,
        united.contact_id,
        united.outcome,
        united.subject,
        words.meaning is not null as is_type_known,
        coalesce(words.meaning, united.default_type) as touchpoint_type,
        coalesce(owners.owner_account_id, 'unassigned') as account_id
    from united
    left outer join words
        on {{ folded_word('united.source_type') }} = words.word
    left outer join owners
        on united.account_id = owners.account_id
    where cast(united.occurred_at as date) <= {{ as_of_date() }}
)

select * from final
