-- Grain: one row per answered survey.
{{ config(enabled=source_is_on('feedback', 'delighted')) }}

with newest as (
    select *
    from {{ source('raw_delighted', 'survey_response') }}
    qualify {{ is_newest(['id'], 'updated_at') }}
),

final as (
    select
        id as response_id,
        person as person_id,
        person_email as email,
        lower(survey_type) as survey_type,
        cast(score as decimal(9, 4)) as score,
        comment,
        permalink,
        _source_file as source_file,
        _source_line as source_line,
        coalesce(
            {{ json_text('person_properties', '$.crm_account_id') }},
            {{ json_text('person_properties', '$.account_id') }}
        ) as crm_account_id,
        {{ json_text('person_properties', '$.survey_request_id') }} as request_id,
        {{ from_unix('created_at') }} as responded_at,
        {{ from_unix('updated_at') }} as updated_at
    from newest
)

select * from final
