-- Grain: one row per survey answer of the canonical files.
{{ config(enabled=source_is_on('feedback', 'files'), materialized='view') }}

with final as (
    select
        response_id,
        account_id as account_key,
        survey_type,
        score,
        comment,
        responded_at,
        sent_at,
        contact_id,
        source_file,
        source_line,
        cast(null as varchar) as email,
        cast(null as varchar) as request_id
    from {{ ref('stg_files__survey_responses') }}
)

select * from final
