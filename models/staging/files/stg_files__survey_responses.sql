-- Grain: one row per answered survey.
{{ config(enabled=source_is_on('feedback', 'files')) }}

with newest as (
    select *
    from {{ source('raw_files', 'survey_responses') }}
    qualify {{ is_newest_there(['response_id']) }}
),

final as (
    select
        response_id,
        account_id,
        survey_type,
        score,
        responded_at,
        contact_id,
        comment,
        sent_at,
        _source_file as source_file,
        _source_line as source_line
    from newest
)

select * from final
