-- Grain: one row per account that the CRM had at the as-of date, with the attributes it has now.
{% set columns = {
    'account_id': 'varchar',
    'account_name': 'varchar',
    'parent_account_id': 'varchar',
    'website_domain': 'varchar',
    'industry': 'varchar',
    'region': 'varchar',
    'country': 'varchar',
    'segment': 'varchar',
    'employee_count': 'bigint',
    'csm_id': 'varchar',
    'created_at': 'timestamp',
    'lifecycle_status': 'varchar',
    'is_deleted': 'boolean',
    'deleted_on': 'date',
    'merged_into_account_id': 'varchar',
    'merged_on': 'date',
} %}

with united as (
    {{ union_systems(
        'crm',
        {'salesforce': 'int_salesforce_accounts', 'files': 'int_files_accounts'},
        columns
    ) }}
),

final as (
    select
        source_system,
        account_id,
        account_name,
        parent_account_id,
        website_domain,
        industry,
        region,
        country,
        segment,
        employee_count,
        csm_id,
        created_at,
        lifecycle_status,
        (is_deleted and coalesce(deleted_on <= {{ as_of_date() }}, true)) as is_deleted,
        case
            when merged_on <= {{ as_of_date() }} then merged_into_account_id
        end as merged_into_account_id,
        case when merged_on <= {{ as_of_date() }} then merged_on end as merged_on
    from united
    where created_at is null or cast(created_at as date) <= {{ as_of_date() }}
)

select * from final
