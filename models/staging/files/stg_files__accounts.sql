-- Grain: one row per account.
{{ config(enabled=source_is_on('crm', 'files')) }}

with newest as (
    select *
    from {{ source('raw_files', 'accounts') }}
    qualify {{ is_newest(['account_id'], 'updated_at') }}
),

final as (
    select
        account_id,
        account_name,
        parent_account_id,
        domain,
        industry,
        region,
        country,
        segment,
        employee_count,
        csm_id,
        created_at,
        lifecycle_status,
        coalesce(is_deleted, false) as is_deleted,
        updated_at
    from newest
)

select * from final
