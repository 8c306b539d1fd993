-- Grain: one row per account, person and role: who matters there, and whether they are heard of.
-- Records of one person with one role are one row: that of a record in place, else the newest.
with accounts as (
    select
        account_id,
        account_name,
        segment,
        csm_id,
        csm_name
    from {{ ref('mart_account_360') }}
),

contacts as (
    select
        source_system,
        contact_id,
        person_id,
        contact_name,
        title,
        email,
        has_product_user,
        last_active_on,
        active_days_28d
    from {{ ref('dim_contact') }}
),

roles as (
    select
        source_system,
        contact_id,
        account_id,
        contact_role,
        valid_from,
        is_in_place,
        left_on,
        is_executive,
        last_touchpoint_on,
        touchpoints_90d
    from {{ ref('fct_contact_role') }}
),

touchpoints as (
    select
        account_id,
        contact_id,
        known_on
    from {{ ref('fct_touchpoint') }}
    where is_held
),

-- Somebody was met, and the source does not say who.
unnamed as (
    select account_id
    from touchpoints
    where
        contact_id is null
        and known_on > {{ add_days(as_of_date(), -90) }}
    group by account_id
),

people as (
    select
        contacts.*,
        roles.account_id,
        roles.contact_role,
        roles.valid_from,
        roles.is_in_place,
        roles.left_on,
        roles.is_executive,
        max(roles.last_touchpoint_on) over of_person as last_touchpoint_on,
        sum(roles.touchpoints_90d) over of_person as touchpoints_90d,
        row_number() over (
            partition by
                contacts.source_system, roles.account_id, contacts.person_id, roles.contact_role
            order by roles.is_in_place desc, roles.valid_from desc, contacts.contact_id asc
        ) as record_number
    from contacts
    inner join roles
        on
            contacts.source_system = roles.source_system
            and contacts.contact_id = roles.contact_id
    window
        of_person as (
            partition by
                contacts.source_system, roles.account_id, contacts.person_id, roles.contact_role
        )
),

judged as (
    select
        people.*,
        case
            when people.touchpoints_90d > 0 then true
            when unnamed.account_id is not null then null
            when (select count(told.contact_id) from touchpoints as told) > 0 then false
        end as is_engaged
    from people
    left outer join unnamed
        on people.account_id = unnamed.account_id
    where people.record_number = 1
),

final as (
    select
        judged.account_id,
        accounts.account_name,
        accounts.segment,
        accounts.csm_id,
        accounts.csm_name,
        judged.source_system,
        judged.contact_id,
        judged.person_id,
        judged.contact_name,
        judged.title,
        judged.email,
        judged.contact_role,
        judged.is_executive,
        cast(
            case
                when not judged.is_in_place and judged.left_on is not null then 'left'
                when not judged.is_in_place then 'deleted'
                when judged.is_engaged then 'engaged'
                when not judged.is_engaged then 'silent'
                else 'in place'
            end as varchar
        ) as standing,
        judged.is_in_place,
        judged.is_engaged,
        judged.valid_from as in_place_from,
        judged.left_on,
        judged.last_touchpoint_on,
        cast(judged.touchpoints_90d as bigint) as touchpoints_90d,
        judged.has_product_user,
        judged.last_active_on,
        judged.active_days_28d,
        {{ as_of_date() }} as as_of_date
    from judged
    inner join accounts
        on judged.account_id = accounts.account_id
)

select * from final
