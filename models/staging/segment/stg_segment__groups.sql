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
        name,
        lower(trim(domain)) as domain,
        crm_account_id,
        received_at
    from newest
)

select * from final
