-- Grain: one row per source system and survey of a known type sent by the as-of date.
-- The denominator of the response rate. The canonical files have no surveys sent: no rows.
{% set columns = {
    'request_id': 'varchar',
    'account_key': 'varchar',
    'survey_type': 'varchar',
    'sent_at': 'timestamp',
} %}

with united as (
    {{ union_systems('feedback', {'delighted': 'int_delighted_requests'}, columns) }}
),

surveys as (
    select
        words.word,
        scales.survey_type
    from {{ ref('int_vocabulary') }} as words
    inner join {{ ref('survey_scales') }} as scales
        on
            words.meaning = scales.survey
            and scales.source_system is null
    where words.field = 'survey_type'
),

answers as (
    select
        source_system,
        request_id,
        min(responded_at) as responded_at
    from {{ ref('int_feedback_responses') }}
    where request_id is not null
    group by
        source_system,
        request_id
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

final as (
    select
        united.source_system,
        united.request_id,
        surveys.survey_type,
        united.sent_at,
        answers.responded_at,
        coalesce(owners.owner_account_id, 'unassigned') as account_id,
        (answers.request_id is not null) as is_answered
    from united
    inner join surveys
        on {{ folded_word('united.survey_type') }} = surveys.word
    left outer join answers
        on
            united.source_system = answers.source_system
            and united.request_id = answers.request_id
    left outer join accounts
        on
            united.source_system = accounts.source_system
            and united.account_key = accounts.system_key
    left outer join owners
        on accounts.account_id = owners.account_id
    where cast(united.sent_at as date) <= {{ as_of_date() }}
)

select * from final
