-- Grain: one row per touchpoint.
{{ config(enabled=source_is_on('crm', 'files')) }}

with newest as (
    select *
    from {{ source('raw_files', 'touchpoints') }}
    qualify {{ is_newest_there(['touchpoint_id']) }}
),

final as (
    select
        touchpoint_id,
        account_id,
        occurred_at,
        type as touchpoint_type,
        csm_id,
        contact_id,
        outcome,
        subject
    from newest
)

select * from final
