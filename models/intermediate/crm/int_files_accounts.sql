-- Grain: one row per account of the canonical files.
-- The files know no merges. An account that a whole delivery no longer has was deleted that day.
{{ config(enabled=source_is_on('crm', 'files'), materialized='view') }}

with accounts as (
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
        is_deleted,
        updated_at,
        gone_on
    from {{ ref('stg_files__accounts') }}
),

final as (
    select
        account_id,
        account_name,
        parent_account_id,
        {{ web_domain('domain') }} as website_domain,
        industry,
        region,
        country,
        segment,
        employee_count,
        csm_id,
        created_at,
        lifecycle_status,
        is_deleted or gone_on is not null as is_deleted,
        case when is_deleted then cast(updated_at as date) else gone_on end as deleted_on,
        cast(null as varchar) as merged_into_account_id,
        cast(null as date) as merged_on
    from accounts
)

select * from final
