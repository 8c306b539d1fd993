-- Grain: one row per account.
{{ config(enabled=source_is_on('crm', 'files')) }}

with newest as (
    select *
    from {{ source('raw_files', 'accounts') }}
    qualify {{ is_newest(['account_id'], 'updated_at', can_go=true) }}
),

deliveries as (
    {{ files_delivery_days('accounts') }}
),

final as (
    select
        newest.account_id,
        newest.account_name,
        newest.parent_account_id,
        newest.domain,
        newest.industry,
        newest.region,
        newest.country,
        newest.segment,
        newest.employee_count,
        newest.csm_id,
        newest.created_at,
        newest.lifecycle_status,
        coalesce(newest.is_deleted, false) as is_deleted,
        newest.updated_at,
        deliveries.delivered_on as gone_on
    from newest
    left outer join deliveries
        on newest._gone_load_id = deliveries.load_id
)

select * from final
