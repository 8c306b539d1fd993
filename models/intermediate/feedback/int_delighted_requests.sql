-- Grain: one row per survey that Delighted sent.
{{ config(enabled=source_is_on('feedback', 'delighted'), materialized='view') }}

with final as (
    select
        request_id,
        survey_type,
        sent_at,
        coalesce(person_id, email) as account_key
    from {{ ref('stg_delighted__survey_requests') }}
)

select * from final
