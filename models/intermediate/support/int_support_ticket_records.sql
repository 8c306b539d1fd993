-- Grain: one row per source system and ticket created by the as-of date, deleted ones included.
-- What the newest row of a ticket says, in the words of the vocabulary: a word that nobody knows is
-- `unknown`. account_id is as before merges. A time before the creation is none; a time after the
-- as-of date has not happened yet.
{% set columns = {
    'ticket_id': 'varchar',
    'account_key': 'varchar',
    'created_at': 'timestamp',
    'status': 'varchar',
    'priority': 'varchar',
    'channel': 'varchar',
    'category': 'varchar',
    'brand': 'varchar',
    'requester_id': 'varchar',
    'is_escalated': 'boolean',
    'first_response_at': 'timestamp',
    'solved_at': 'timestamp',
    'satisfaction': 'varchar',
    'updated_at': 'timestamp',
} %}

with united as (
    {{ union_systems(
        'support',
        {'zendesk': 'int_zendesk_tickets', 'files': 'int_files_tickets'},
        columns
    ) }}
),

words as (
    select
        field,
        word,
        meaning
    from {{ ref('int_vocabulary') }}
),

accounts as (
    select
        source_system,
        system_key,
        account_id
    from {{ ref('int_account_xref') }}
),

final as (
    select
        united.source_system,
        united.ticket_id,
        united.created_at,
        united.updated_at,
        united.channel,
        united.category,
        united.brand,
        united.requester_id,
        united.is_escalated,
        united.status as source_status,
        united.priority as source_priority,
        united.first_response_at as source_first_response_at,
        united.solved_at as source_solved_at,
        united.satisfaction as source_satisfaction,
        satisfactions.meaning as satisfaction,
        coalesce(accounts.account_id, 'unassigned') as account_id,
        coalesce(statuses.meaning, 'unknown') as status,
        case
            when nullif(trim(united.priority), '') is not null
                then coalesce(priorities.meaning, 'unknown')
        end as priority,
        case
            when
                united.first_response_at >= united.created_at
                and cast(united.first_response_at as date) <= {{ as_of_date() }}
                then united.first_response_at
        end as first_response_at,
        case
            when united.solved_at >= united.created_at then united.solved_at
        end as solved_at
    from united
    left outer join words as statuses
        on
            statuses.field = 'ticket_status'
            and {{ folded_word('united.status') }} = statuses.word
    left outer join words as priorities
        on
            priorities.field = 'ticket_priority'
            and {{ folded_word('united.priority') }} = priorities.word
    left outer join words as satisfactions
        on
            satisfactions.field = 'satisfaction'
            and {{ folded_word('united.satisfaction') }} = satisfactions.word
    left outer join accounts
        on
            united.source_system = accounts.source_system
            and united.account_key = accounts.system_key
    where cast(united.created_at as date) <= {{ as_of_date() }}
)

select * from final
