-- Grain: one row per customer success manager.
{{ config(enabled=source_is_on('crm', 'files')) }}

with newest as (
    select *
    from {{ source('raw_files', 'csms') }}
    qualify {{ is_newest(['csm_id'], none, can_go=true) }}
),

deliveries as (
    {{ files_delivery_days('csms') }}
),

final as (
    select
        newest.csm_id,
        newest.csm_name,
        newest.email,
        newest.manager_id,
        -- Who is gone from a whole delivery is not active any more.
        case when deliveries.load_id is null then newest.is_active else false end as is_active,
        deliveries.delivered_on as gone_on
    from newest
    left outer join deliveries
        on newest._gone_load_id = deliveries.load_id
)

select * from final
