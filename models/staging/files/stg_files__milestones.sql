-- Grain: one row per account and milestone.
{{ config(enabled=source_is_on('crm', 'files')) }}

with newest as (
    select *
    from {{ source('raw_files', 'milestones') }}
    qualify {{ is_newest_there(['account_id', 'milestone']) }}
),

final as (
    select
        account_id,
        milestone,
        due_at,
        completed_at
    from newest
)

select * from final
