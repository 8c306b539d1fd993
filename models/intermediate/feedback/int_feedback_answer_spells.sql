-- Grain: one row per source system and survey answer given by the as-of date.
-- The days on which the answer is the latest of its person for that kind of survey and no older
-- than `nps_window_days`: [valid_from, valid_to). account_id is as before merges; a later answer
-- under another account ends this one once the same account answers for both. A person is the
-- e-mail address, else the contact, else whoever gave this answer: contacts that the CRM got later
-- must not change who was who.
with united as (
    select
        source_system,
        response_id,
        account_key,
        survey_type,
        score,
        is_satisfied,
        responded_at,
        contact_id,
        email,
        comment
    from {{ ref('int_feedback_answers') }}
    where is_usable
),

accounts as (
    select
        source_system,
        system_key,
        account_id
    from {{ ref('int_account_xref') }}
),

answers as (
    select
        united.source_system,
        united.response_id,
        united.survey_type,
        united.score,
        united.is_satisfied,
        united.responded_at,
        united.comment,
        cast(united.responded_at as date) as valid_from,
        coalesce(accounts.account_id, 'unassigned') as account_id,
        coalesce(lower(united.email), united.contact_id, united.response_id) as person_key
    from united
    left outer join accounts
        on
            united.source_system = accounts.source_system
            and united.account_key = accounts.system_key
),

ownership as (
    select
        account_id,
        owner_account_id,
        valid_from,
        coalesce(valid_to, cast('9999-12-31' as date)) as valid_to
    from {{ ref('int_account_ownership') }}
    union all
    select
        'unassigned' as account_id,
        'unassigned' as owner_account_id,
        cast('1900-01-01' as date) as valid_from,
        cast('9999-12-31' as date) as valid_to
),

owned as (
    select
        answers.source_system,
        answers.response_id,
        answers.survey_type,
        answers.person_key,
        answers.responded_at,
        ownership.owner_account_id,
        greatest(ownership.valid_from, answers.valid_from) as valid_from,
        ownership.valid_to
    from answers
    inner join ownership
        on
            answers.account_id = ownership.account_id
            and answers.valid_from < ownership.valid_to
),

followed as (
    select
        owned.source_system,
        owned.response_id,
        min(greatest(owned.valid_from, later.valid_from)) as next_on
    from owned
    inner join owned as later
        on
            owned.source_system = later.source_system
            and owned.survey_type = later.survey_type
            and owned.person_key = later.person_key
            and owned.owner_account_id = later.owner_account_id
            and owned.valid_from < later.valid_to
            and owned.valid_to > later.valid_from
            and (
                owned.responded_at < later.responded_at
                or (
                    owned.responded_at = later.responded_at
                    and owned.response_id < later.response_id
                )
            )
    group by
        owned.source_system,
        owned.response_id
),

final as (
    select
        answers.source_system,
        answers.response_id,
        answers.account_id,
        answers.person_key,
        answers.survey_type,
        answers.score,
        answers.is_satisfied,
        answers.comment,
        answers.responded_at,
        answers.valid_from,
        least(
            coalesce(followed.next_on, cast('9999-12-31' as date)),
            {{ add_days('answers.valid_from', var('nps_window_days')) }}
        ) as valid_to
    from answers
    left outer join followed
        on
            answers.source_system = followed.source_system
            and answers.response_id = followed.response_id
)

select * from final
