-- Grain: one row per account and day of churn for which the CRM gives a reason.
-- The account is the one that answered for the customer on that day: a churn before a merge stays
-- with the account that churned.
{% set columns = {
    'account_id': 'varchar',
    'churned_on': 'date',
    'reason': 'varchar',
    'detail': 'varchar',
    'is_controllable': 'boolean',
} %}

with united as (
    {{ union_systems(
        'crm',
        {'salesforce': 'int_salesforce_churn_reasons', 'files': 'stg_files__churn_reasons'},
        columns
    ) }}
),

owners as (
    select
        account_id,
        owner_account_id,
        valid_from,
        coalesce(valid_to, cast('9999-12-31' as date)) as valid_to
    from {{ ref('int_account_ownership') }}
    where owner_account_id <> 'unassigned'
),

final as (
    select
        united.source_system,
        owners.owner_account_id as account_id,
        united.churned_on,
        united.reason,
        united.detail,
        united.is_controllable
    from united
    inner join owners
        on
            united.account_id = owners.account_id
            and united.churned_on >= owners.valid_from
            and united.churned_on < owners.valid_to
    where united.churned_on <= {{ as_of_date() }}
    qualify row_number() over (
        partition by owners.owner_account_id, united.churned_on
        order by
            case when united.account_id = owners.owner_account_id then 0 else 1 end,
            united.account_id,
            united.reason
    ) = 1
)

select * from final
