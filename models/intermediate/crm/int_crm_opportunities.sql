-- Grain: one row per opportunity that the CRM had at the as-of date.
-- An opportunity that closes after the as-of date is still open on it.
{% set columns = {
    'opportunity_id': 'varchar',
    'account_id': 'varchar',
    'opportunity_type': 'varchar',
    'stage_name': 'varchar',
    'amount': 'decimal(18, 2)',
    'currency': 'varchar',
    'created_at': 'timestamp',
    'close_date': 'date',
    'is_won': 'boolean',
    'is_closed': 'boolean',
    'forecast_category': 'varchar',
} %}

with united as (
    {{ union_systems(
        'crm',
        {'salesforce': 'int_salesforce_opportunities', 'files': 'int_files_opportunities'},
        columns
    ) }}
),

owners as (
    select
        account_id,
        owner_account_id
    from {{ ref('int_account_ownership') }}
    where valid_to is null
),

final as (
    select
        united.source_system,
        united.opportunity_id,
        united.opportunity_type,
        united.stage_name,
        united.amount,
        united.currency,
        united.created_at,
        united.close_date,
        united.forecast_category,
        coalesce(owners.owner_account_id, 'unassigned') as account_id,
        (united.is_won and coalesce(united.close_date <= {{ as_of_date() }}, true)) as is_won,
        (united.is_closed and coalesce(united.close_date <= {{ as_of_date() }}, true))
            as is_closed
    from united
    left outer join owners
        on united.account_id = owners.account_id
    where united.created_at is null or cast(united.created_at as date) <= {{ as_of_date() }}
)

select * from final
