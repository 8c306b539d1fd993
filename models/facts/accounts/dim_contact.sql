-- Grain: one row per source system and contact that the CRM ever had, up to the as-of date.
-- A person may have several records: those of one account with the same e-mail address. Users of
-- the product who are linked to a contact, or have its address, and belong to its account are its.
with spells as (
    select
        source_system,
        contact_id,
        account_id,
        person_key,
        contact_role,
        (valid_to is null) as is_in_place
    from {{ ref('int_crm_contact_spells') }}
),

survivors as (
    select
        account_id,
        owner_account_id
    from {{ ref('int_account_ownership') }}
    where valid_to is null
),

records as (
    select
        source_system,
        contact_id,
        full_name,
        title,
        lower(trim(email)) as email
    from {{ ref('int_crm_contacts') }}
),

users as (
    select
        account_id,
        user_id,
        contact_id,
        lower(trim(email)) as email
    from {{ ref('int_product_users') }}
),

activity as (
    select
        account_id,
        user_id,
        max(usage_date) as last_active_on,
        count_if(usage_date > {{ add_days(as_of_date(), -28) }}) as active_days_28d
    from {{ ref('fct_user_activity_day') }}
    group by
        account_id,
        user_id
),

contacts as (
    select
        spells.source_system,
        spells.contact_id,
        spells.person_key,
        spells.contact_role,
        spells.is_in_place,
        records.full_name,
        records.title,
        records.email,
        coalesce(survivors.owner_account_id, 'unassigned') as account_id
    from spells
    left outer join survivors
        on spells.account_id = survivors.account_id
    left outer join records
        on
            spells.source_system = records.source_system
            and spells.contact_id = records.contact_id
),

matched as (
    select
        contacts.source_system,
        contacts.contact_id,
        max(activity.last_active_on) as last_active_on,
        max(activity.active_days_28d) as active_days_28d
    from contacts
    inner join users
        on
            contacts.account_id = users.account_id
            and (contacts.contact_id = users.contact_id or contacts.email = users.email)
    left outer join activity
        on
            users.account_id = activity.account_id
            and users.user_id = activity.user_id
    group by
        contacts.source_system,
        contacts.contact_id
),

nameless as (
    select account_id
    from users
    where email is null
    group by account_id
),

final as (
    select
        cast(contacts.source_system as varchar) as source_system,
        cast(contacts.contact_id as varchar) as contact_id,
        cast(contacts.account_id as varchar) as account_id,
        cast(
            min(contacts.contact_id) over (
                partition by contacts.source_system, contacts.account_id, contacts.person_key
            ) as varchar
        ) as person_id,
        {{ contact_detail('contacts.full_name') }} as contact_name,
        {{ contact_detail('contacts.title') }} as title,
        {{ contact_detail('contacts.email') }} as email,
        cast(coalesce(contacts.contact_role, 'none') as varchar) as contact_role,
        contacts.is_in_place,
        case
            when matched.contact_id is not null then true
            when contacts.email is null or nameless.account_id is not null then null
            when (select count(told.email) from users as told) > 0 then false
        end as has_product_user,
        matched.last_active_on,
        cast(
            case
                when
                    matched.contact_id is not null
                    and (select max(told.last_active_on) from activity as told) is not null
                    then coalesce(matched.active_days_28d, 0)
            end as bigint
        ) as active_days_28d
    from contacts
    left outer join matched
        on
            contacts.source_system = matched.source_system
            and contacts.contact_id = matched.contact_id
    left outer join nameless
        on contacts.account_id = nameless.account_id
)

select * from final
