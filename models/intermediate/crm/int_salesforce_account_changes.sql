-- Grain: one row per change of a tracked attribute of a Salesforce account.
-- Salesforce writes two rows when a lookup changes, one with names and one with ids: only the
-- ids are kept.
{{ config(enabled=source_is_on('crm', 'salesforce'), materialized='view') }}

with history as (
    select
        change_id,
        account_id,
        old_value,
        new_value,
        changed_at,
        lower(field_name) as field_name
    from {{ ref('stg_salesforce__account_history') }}
),

users as (
    select user_id
    from {{ ref('stg_salesforce__users') }}
),

named as (
    select
        change_id,
        account_id,
        old_value,
        new_value,
        changed_at,
        case field_name
            when 'segment__c' then 'segment'
            when 'region__c' then 'region'
            when 'industry' then 'industry'
            when 'billingcountry' then 'country'
            when 'csm__c' then 'csm_id'
            when 'numberofemployees' then 'employee_count'
            when 'lifecycle_status__c' then 'lifecycle_status'
        end as attribute_name
    from history
),

final as (
    select
        named.change_id,
        named.account_id,
        named.attribute_name,
        named.old_value,
        named.new_value,
        named.changed_at
    from named
    left outer join users
        on coalesce(named.new_value, named.old_value) = users.user_id
    where
        named.attribute_name is not null
        and (named.attribute_name <> 'csm_id' or users.user_id is not null)
)

select * from final
