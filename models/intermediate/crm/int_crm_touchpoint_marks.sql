-- Grain: one row per source system and touchpoint that was held by the as-of date.
-- known_on: the day on which it was held or, if that was later, entered. account_id is as before
-- merges: that of the contact, for a merge moves touchpoints to the survivor too.
{% set time_columns = {'touchpoint_id': 'varchar', 'created_at': 'timestamp'} %}

with touchpoints as (
    select
        source_system,
        touchpoint_id,
        account_id,
        occurred_at,
        touchpoint_type,
        csm_id,
        contact_id,
        outcome,
        subject
    from {{ ref('int_crm_touchpoints') }}
),

entered as (
    {{ union_systems('crm', {'salesforce': 'int_salesforce_touchpoint_times'}, time_columns) }}
),

contacts as (
    select
        source_system,
        contact_id,
        account_id,
        contact_role,
        person_key
    from {{ ref('int_crm_contact_spells') }}
),

survivors as (
    select
        account_id,
        survivor_account_id
    from {{ ref('int_account_survivors') }}
),

final as (
    select
        touchpoints.source_system,
        touchpoints.touchpoint_id,
        touchpoints.occurred_at,
        touchpoints.touchpoint_type,
        touchpoints.csm_id,
        touchpoints.contact_id,
        touchpoints.outcome,
        touchpoints.subject,
        contacts.contact_role,
        contacts.person_key,
        case
            when survivors.survivor_account_id = touchpoints.account_id then contacts.account_id
            else touchpoints.account_id
        end as account_id,
        cast(
            greatest(
                touchpoints.occurred_at, coalesce(entered.created_at, touchpoints.occurred_at)
            ) as date
        ) as known_on
    from touchpoints
    left outer join entered
        on
            touchpoints.source_system = entered.source_system
            and touchpoints.touchpoint_id = entered.touchpoint_id
    left outer join contacts
        on
            touchpoints.source_system = contacts.source_system
            and touchpoints.contact_id = contacts.contact_id
    left outer join survivors
        on contacts.account_id = survivors.account_id
)

select * from final
where known_on <= {{ as_of_date() }}
