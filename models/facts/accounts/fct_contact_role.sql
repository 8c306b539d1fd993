-- Grain: one row per source system, contact and role: when the person was in place.
with contacts as (
    select
        source_system,
        contact_id,
        account_id,
        contact_role,
        valid_from,
        valid_to,
        ended_by
    from {{ ref('int_crm_contact_spells') }}
),

touchpoints as (
    select
        source_system,
        contact_id,
        max(known_on) as last_touchpoint_on,
        count_if(known_on > {{ add_days(as_of_date(), -90) }}) as touchpoints_90d
    from {{ ref('int_crm_touchpoint_marks') }}
    where not {{ is_no_show('outcome') }}
    group by
        source_system,
        contact_id
),

survivors as (
    select
        account_id,
        owner_account_id
    from {{ ref('int_account_ownership') }}
    where valid_to is null
),

final as (
    select
        cast(contacts.source_system as varchar) as source_system,
        cast(contacts.contact_id as varchar) as contact_id,
        cast(coalesce(contacts.contact_role, 'none') as varchar) as contact_role,
        cast(coalesce(survivors.owner_account_id, 'unassigned') as varchar) as account_id,
        contacts.valid_from,
        contacts.valid_to,
        (contacts.valid_to is null) as is_in_place,
        case when contacts.ended_by = 'left' then contacts.valid_to end as left_on,
        coalesce(contacts.contact_role in ('sponsor', 'decision_maker'), false)
            as is_executive,
        touchpoints.last_touchpoint_on,
        cast(coalesce(touchpoints.touchpoints_90d, 0) as bigint) as touchpoints_90d,
        (coalesce(touchpoints.touchpoints_90d, 0) > 0) as is_engaged
    from contacts
    left outer join touchpoints
        on
            contacts.source_system = touchpoints.source_system
            and contacts.contact_id = touchpoints.contact_id
    left outer join survivors
        on contacts.account_id = survivors.account_id
)

select * from final
