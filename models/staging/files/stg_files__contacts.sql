-- Grain: one row per contact.
{{ config(enabled=source_is_on('crm', 'files')) }}

with newest as (
    select *
    from {{ source('raw_files', 'contacts') }}
    qualify {{ is_newest(['contact_id'], 'updated_at', can_go=true) }}
),

deliveries as (
    {{ files_delivery_days('contacts') }}
),

final as (
    select
        newest.contact_id,
        newest.account_id,
        newest.email,
        newest.full_name,
        newest.title,
        newest.role,
        newest.is_active,
        newest.left_at,
        newest.created_at,
        newest.updated_at,
        deliveries.delivered_on as gone_on
    from newest
    left outer join deliveries
        on newest._gone_load_id = deliveries.load_id
)

select * from final
