-- Grain: one row per Segment group.
{{ config(enabled=source_is_on('product', 'segment')) }}

with newest as (
    select *
    from {{ source('raw_segment', 'groups') }}
    qualify {{ is_newest(['id'], 'received_at') }}
),

final as (
    select
        id as group_id,
        name as group_name,
        crm_account_id,
        received_at,
        lower(trim(domain)) as domain
    from newest
)

select * from final
