-- Grain: one row per Salesforce account and day from which it is merged into another one.
-- The account history tells when, and when an account was restored; without it the versions of the
-- account that were delivered. What the account is now holds from its last change on, where its
-- history ends with something else. Ids of 15 and of 18 characters are one.
{{ config(enabled=source_is_on('crm', 'salesforce'), materialized='view') }}

with accounts as (
    select
        account_id,
        {{ crm_id_key('account_id') }} as account_key,
        {{ crm_id_key('master_record_id') }} as master_key,
        updated_at
    from {{ ref('stg_salesforce__accounts') }}
),

-- Salesforce can write a lookup twice, with names and with ids: only ids name accounts.
told as (
    select
        accounts.account_id,
        changes.changed_at,
        changes.change_id,
        accounts.updated_at,
        accounts.master_key as master_key_now,
        case
            when changes.new_value is not null then masters.account_key
            when changes.old_value is null then accounts.master_key
        end as master_key
    from {{ ref('stg_salesforce__account_history') }} as changes
    inner join accounts
        on {{ crm_id_key('changes.account_id') }} = accounts.account_key
    left outer join accounts as masters
        on {{ crm_id_key('changes.new_value') }} = masters.account_key
    where
        lower(changes.field_name) = 'masterrecordid'
        and (changes.new_value is null or masters.account_id is not null)
),

last_told as (
    select *
    from told
    qualify
        row_number() over (partition by account_id order by changed_at desc, change_id desc) = 1
),

delivered as (
    select
        account_id,
        updated_at as changed_at,
        {{ crm_id_key('master_record_id') }} as master_key,
        lag({{ crm_id_key('master_record_id') }}) over (
            partition by account_id order by updated_at
        ) as master_key_before
    from {{ ref('stg_salesforce__account_versions') }}
),

changes_of_hands as (
    select
        account_id,
        changed_at,
        change_id,
        master_key
    from told
    union all
    select
        account_id,
        updated_at as changed_at,
        '' as change_id,
        master_key_now as master_key
    from last_told
    where master_key is distinct from master_key_now
    union all
    select
        delivered.account_id,
        delivered.changed_at,
        '' as change_id,
        delivered.master_key
    from delivered
    left outer join last_told
        on delivered.account_id = last_told.account_id
    where
        last_told.account_id is null
        and delivered.master_key is distinct from delivered.master_key_before
),

-- A day has the last word on it.
days as (
    select
        account_id,
        master_key,
        changed_at as merged_at,
        cast(changed_at as date) as merged_on
    from changes_of_hands
    qualify
        row_number() over (
            partition by account_id, cast(changed_at as date)
            order by changed_at desc, change_id desc
        ) = 1
),

spells as (
    select
        *,
        lead(merged_on) over (partition by account_id order by merged_on) as merged_until
    from days
),

-- A survivor that the CRM does not have is named as it came.
final as (
    select
        spells.account_id,
        coalesce(survivors.account_id, spells.master_key) as merged_into_account_id,
        spells.merged_at,
        spells.merged_on,
        spells.merged_until
    from spells
    left outer join accounts as survivors
        on spells.master_key = survivors.account_key
    where spells.master_key is not null
)

select * from final
