-- Grain: one row per source system and contact that the CRM ever had, up to the as-of date.
-- In place [valid_from, valid_to): from its creation until the person left or the record went.
-- account_id is as before merges. A merge moves contacts to the survivor and keeps no trace of
-- where they were: a contact whose e-mail has the domain of a merged account was that account's.
-- person_key is the same for records of one person.
{% set columns = {
    'contact_id': 'varchar',
    'account_id': 'varchar',
    'email': 'varchar',
    'contact_role': 'varchar',
    'created_on': 'date',
    'left_on': 'date',
    'deleted_on': 'date',
} %}

with united as (
    {{ union_systems(
        'crm',
        {'salesforce': 'int_salesforce_contact_records', 'files': 'int_files_contact_records'},
        columns
    ) }}
),

merged_accounts as (
    select
        accounts.account_id,
        accounts.website_domain,
        survivors.survivor_account_id
    from {{ ref('int_crm_accounts') }} as accounts
    inner join {{ ref('int_account_survivors') }} as survivors
        on accounts.account_id = survivors.account_id
    where accounts.website_domain is not null
    qualify row_number() over (
        partition by survivors.survivor_account_id, accounts.website_domain
        order by accounts.account_id
    ) = 1
),

accounts as (
    select
        account_id,
        website_domain
    from {{ ref('int_crm_accounts') }}
),

keyed as (
    select
        source_system,
        contact_id,
        account_id,
        contact_role,
        case when left_on <= {{ as_of_date() }} then left_on end as left_on,
        case when deleted_on <= {{ as_of_date() }} then deleted_on end as deleted_on,
        {{ web_domain('email') }} as mail_domain,
        coalesce(lower(email), contact_id) as person_key,
        coalesce(created_on, cast('1900-01-01' as date)) as valid_from
    from united
),

final as (
    select
        keyed.source_system,
        keyed.contact_id,
        keyed.contact_role,
        keyed.person_key,
        keyed.valid_from,
        coalesce(merged_accounts.account_id, keyed.account_id) as account_id,
        coalesce(least(keyed.left_on, keyed.deleted_on), keyed.left_on, keyed.deleted_on)
            as valid_to,
        case
            when keyed.left_on <= coalesce(keyed.deleted_on, keyed.left_on) then 'left'
            when keyed.deleted_on is not null then 'deleted'
        end as ended_by
    from keyed
    left outer join accounts
        on keyed.account_id = accounts.account_id
    left outer join merged_accounts
        on
            keyed.account_id = merged_accounts.survivor_account_id
            and keyed.mail_domain = merged_accounts.website_domain
            and accounts.website_domain is distinct from keyed.mail_domain
    where keyed.valid_from <= {{ as_of_date() }}
)

select * from final
