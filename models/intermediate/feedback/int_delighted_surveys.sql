-- Grain: one row per Delighted answer with the survey it answers.
-- An answer belongs to the survey it names; without a name, to the newest survey of its type that
-- the person got before it.
{{ config(enabled=source_is_on('feedback', 'delighted'), materialized='view') }}

with responses as (
    select
        response_id,
        survey_type,
        score,
        comment,
        request_id,
        responded_at,
        source_file,
        source_line,
        coalesce(person_id, email) as person_key,
        lower(email) as email
    from {{ ref('stg_delighted__survey_responses') }}
),

requests as (
    select
        request_id,
        survey_type,
        sent_at,
        coalesce(person_id, email) as person_key
    from {{ ref('stg_delighted__survey_requests') }}
),

final as (
    select
        responses.response_id,
        responses.person_key as account_key,
        responses.email,
        responses.survey_type,
        responses.score,
        responses.comment,
        responses.responded_at,
        responses.source_file,
        responses.source_line,
        requests.request_id,
        requests.sent_at,
        cast(null as varchar) as contact_id
    from responses
    left outer join requests
        on
            responses.person_key = requests.person_key
            and responses.survey_type = requests.survey_type
            and responses.responded_at >= requests.sent_at
    qualify row_number() over (
        partition by responses.response_id
        order by
            case when responses.request_id = requests.request_id then 0 else 1 end,
            requests.sent_at desc nulls last,
            requests.request_id desc
    ) = 1
)

select * from final
