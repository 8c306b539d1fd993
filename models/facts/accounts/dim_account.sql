-- Grain: one row per account that existed by the as-of date, merged and deleted ones included, and
-- one row 'unassigned' for what no account could be found for.
with crm_accounts as (
    select
        source_system,
        account_id,
        account_name,
        website_domain,
        industry,
        region,
        country,
        segment,
        employee_count,
        csm_id,
        created_at,
        lifecycle_status,
        is_deleted,
        merged_on
    from {{ ref('int_crm_accounts') }}
),

parents as (
    select
        account_id,
        parent_account_id,
        ultimate_parent_account_id
    from {{ ref('int_crm_account_parents') }}
),

survivors as (
    select
        account_id,
        survivor_account_id
    from {{ ref('int_account_survivors') }}
),

csms as (
    select
        source_system,
        csm_id,
        csm_name
    from {{ ref('int_crm_csms') }}
),

size_bands as (
    select
        size_band,
        min_employees,
        max_employees
    from {{ ref('size_bands') }}
),

lines as (
    select
        account_id,
        valid_from,
        arr,
        (is_paused or is_free) as is_paused,
        (valid_to is null or valid_to > {{ as_of_date() }}) as is_current
    from {{ ref('int_arr_line_intervals') }}
    where valid_from <= {{ as_of_date() }}
),

revenue as (
    select
        account_id,
        min(case when arr > 0 then valid_from end) as started_on,
        max(case when is_current and arr > 0 then 1 else 0 end) = 1 as is_customer,
        max(case when is_current and is_paused then 1 else 0 end) = 1 as is_paused
    from lines
    group by account_id
),

accounts as (
    select
        crm_accounts.account_id,
        crm_accounts.account_name,
        parents.parent_account_id,
        coalesce(parents.ultimate_parent_account_id, crm_accounts.account_id)
            as ultimate_parent_account_id,
        survivors.survivor_account_id as merged_into_account_id,
        case when survivors.account_id is not null then crm_accounts.merged_on end as merged_on,
        crm_accounts.is_deleted,
        crm_accounts.segment,
        size_bands.size_band,
        crm_accounts.employee_count,
        crm_accounts.industry,
        crm_accounts.region,
        crm_accounts.country,
        crm_accounts.website_domain,
        crm_accounts.csm_id,
        csms.csm_name,
        crm_accounts.created_at,
        crm_accounts.lifecycle_status,
        revenue.started_on,
        crm_accounts.source_system,
        coalesce(revenue.is_customer, false) as is_customer,
        coalesce(revenue.is_paused, false) as is_paused,
        {{ days_between('revenue.started_on', as_of_date()) }} as age_days
    from crm_accounts
    left outer join parents
        on crm_accounts.account_id = parents.account_id
    left outer join survivors
        on crm_accounts.account_id = survivors.account_id
    left outer join csms
        on
            crm_accounts.source_system = csms.source_system
            and crm_accounts.csm_id = csms.csm_id
    left outer join size_bands
        on
            crm_accounts.employee_count >= size_bands.min_employees
            and crm_accounts.employee_count
            <= coalesce(size_bands.max_employees, crm_accounts.employee_count)
    left outer join revenue
        on crm_accounts.account_id = revenue.account_id
),

staged as (
    select
        *,
        case
            when merged_into_account_id is not null then null
            when is_deleted and started_on is null then null
            when started_on is null then 'prospect'
            when not is_customer and not is_paused then 'churned'
            when age_days <= 30 then 'onboarding'
            when age_days <= 60 then 'adoption'
            when age_days <= 90 then 'expansion'
            else 'ongoing'
        end as lifecycle_stage
    from accounts
),

final as (
    {%- set columns = {
        'account_id': 'varchar',
        'account_name': 'varchar',
        'parent_account_id': 'varchar',
        'ultimate_parent_account_id': 'varchar',
        'merged_into_account_id': 'varchar',
        'merged_on': 'date',
        'segment': 'varchar',
        'size_band': 'varchar',
        'employee_count': 'bigint',
        'industry': 'varchar',
        'region': 'varchar',
        'country': 'varchar',
        'website_domain': 'varchar',
        'csm_id': 'varchar',
        'csm_name': 'varchar',
        'created_at': 'timestamp',
        'started_on': 'date',
        'lifecycle_stage': 'varchar',
        'lifecycle_status': 'varchar',
        'is_customer': 'boolean',
        'is_deleted': 'boolean',
        'source_system': 'varchar',
    } %}
    {%- set unassigned = {
        'account_id': "'unassigned'",
        'account_name': "'Unassigned'",
        'ultimate_parent_account_id': "'unassigned'",
        'is_customer': 'false',
        'is_deleted': 'false',
        'source_system': "'none'",
    } %}
    select
    {%- for column, type in columns.items() %}
        cast({{ column }} as {{ type }}) as {{ column }}
        {{- ',' if not loop.last }}
    
    {%- endfor %}
    from staged
    union all
    select
    {%- for column, type in columns.items() %}
        cast({{ unassigned.get(column, 'null') }} as {{ type }}) as {{ column }}
        {{- ',' if not loop.last }}
    {%- endfor %}
)

select * from final
