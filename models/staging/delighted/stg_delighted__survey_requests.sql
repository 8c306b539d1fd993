-- Grain: one row per survey sent, answered or not.
{{ config(enabled=source_is_on('feedback', 'delighted')) }}

with newest as (
    select *
    from {{ source('raw_delighted', 'survey_request') }}
    qualify {{ is_newest(['id']) }}
),

final as (
    select
        id as request_id,
        person as person_id,
        person_email as email,
        lower(survey_type) as survey_type,
        coalesce(
            {{ json_text('person_properties', '$.crm_account_id') }},
            {{ json_text('person_properties', '$.account_id') }}
        ) as crm_account_id,
        {{ from_unix('sent_at') }} as sent_at
    from newest
)

select * from final
