-- Grain: one row per person that Delighted surveyed.
-- Properties and e-mail as in the newest survey that has them.
{{ config(enabled=source_is_on('feedback', 'delighted'), materialized='view') }}

with surveys as (
    select
        coalesce(person_id, email) as person_key,
        email,
        crm_account_id,
        sent_at as surveyed_at
    from {{ ref('stg_delighted__survey_requests') }}
    union all
    select
        coalesce(person_id, email) as person_key,
        email,
        crm_account_id,
        responded_at as surveyed_at
    from {{ ref('stg_delighted__survey_responses') }}
),

final as (
    select
        person_key,
        max_by(email, case when email is not null then surveyed_at end) as email,
        max_by(crm_account_id, case when crm_account_id is not null then surveyed_at end)
            as crm_account_id
    from surveys
    where person_key is not null
    group by person_key
)

select * from final
