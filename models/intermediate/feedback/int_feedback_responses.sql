-- Grain: one row per source system and survey answer given by the as-of date.
-- Answers that cannot be used are left out (int_feedback_gaps). The contact is the one the source
-- names, else the CRM contact with the person's e-mail.
with united as (
    select
        source_system,
        response_id,
        account_key,
        survey_type,
        score,
        source_score,
        is_satisfied,
        responded_at,
        contact_id,
        email,
        comment,
        request_id,
        sent_at
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
        united.source_score,
        united.is_satisfied,
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
)

select * from final
