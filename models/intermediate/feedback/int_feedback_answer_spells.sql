-- Grain: one row per source system and survey answer given by the as-of date.
-- The days on which the answer is the latest of its person for that kind of survey and no older
-- than `nps_window_days`: [valid_from, valid_to). account_id is as before merges. A person is the
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

followed as (
    select
        source_system,
        response_id,
        account_id,
        person_key,
        survey_type,
        score,
        is_satisfied,
        comment,
        responded_at,
        valid_from,
        lead(valid_from) over (
            partition by source_system, account_id, survey_type, person_key
            order by responded_at, response_id
        ) as next_on
    from answers
),

final as (
    select
        source_system,
        response_id,
        account_id,
        person_key,
        survey_type,
        score,
        is_satisfied,
        comment,
        responded_at,
        valid_from,
        least(
            coalesce(next_on, cast('9999-12-31' as date)),
            {{ add_days('valid_from', var('nps_window_days')) }}
        ) as valid_to
    from followed
)

select * from final
