-- Grain: one row per account that the CRM had at the as-of date, as it was at its end.
-- Deleted and merged accounts are rows too, flagged: a deleted account counts as not existing,
-- a merged one lives on in its survivor.
with records as (
    select
        source_system,
        account_id,
        account_name,
        parent_account_id,
        website_domain,
        created_at,
        is_deleted,
        merged_into_account_id,
        merged_on
    from {{ ref('int_crm_account_records') }}
),

history as (
    select
        account_id,
        industry,
        region,
        country,
        segment,
        employee_count,
        csm_id,
        lifecycle_status
    from {{ ref('int_crm_account_history') }}
    where valid_to is null
),

final as (
    select
        records.source_system,
        records.account_id,
        records.account_name,
        records.parent_account_id,
        records.website_domain,
        history.industry,
        history.region,
        history.country,
        history.segment,
        history.employee_count,
        history.csm_id,
        records.created_at,
        history.lifecycle_status,
        records.is_deleted,
        records.merged_into_account_id,
        records.merged_on
    from records
    inner join history
        on records.account_id = history.account_id
)

select * from final
