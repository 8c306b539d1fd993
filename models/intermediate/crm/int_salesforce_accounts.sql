-- Grain: one row per Salesforce account.
-- A merge leaves a deleted account that names its survivor; the account history has its date.
{{ config(enabled=source_is_on('crm', 'salesforce'), materialized='view') }}

with accounts as (
    select
        account_id,
        account_name,
        parent_account_id,
        website,
        industry,
        region,
        country,
        segment,
        employee_count,
        csm_id,
        created_at,
        lifecycle_status,
        is_deleted,
        master_record_id,
        updated_at
    from {{ ref('stg_salesforce__accounts') }}
),

merge_dates as (
    select
        account_id,
        cast(max(changed_at) as date) as merged_on
    from {{ ref('stg_salesforce__account_history') }}
    where lower(field_name) = 'masterrecordid'
    group by account_id
),

final as (
    select
        accounts.account_id,
        accounts.account_name,
        accounts.parent_account_id,
        {{ web_domain('accounts.website') }} as website_domain,
        accounts.industry,
        accounts.region,
        accounts.country,
        accounts.segment,
        accounts.employee_count,
        accounts.csm_id,
        accounts.created_at,
        accounts.lifecycle_status,
        (accounts.is_deleted and accounts.master_record_id is null) as is_deleted,
        case
            when accounts.is_deleted and accounts.master_record_id is null
                then cast(accounts.updated_at as date)
        end as deleted_on,
        accounts.master_record_id as merged_into_account_id,
        case
            when accounts.master_record_id is not null
                then coalesce(merge_dates.merged_on, cast(accounts.updated_at as date))
        end as merged_on
    from accounts
    left outer join merge_dates
        on accounts.account_id = merge_dates.account_id
)

select * from final
