-- Grain: one row per customer success manager.
{{ config(enabled=source_is_on('crm', 'files')) }}

with newest as (
    select *
    from {{ source('raw_files', 'csms') }}
    qualify {{ is_newest(['csm_id']) }}
),

final as (
    select
        csm_id,
        csm_name,
        email,
        manager_id,
        is_active
    from newest
)

select * from final
