-- Grain: one row per phase and day on which its number of champions, named or active, changes.
-- A champion is a person, told by the e-mail address: named from the day the first contact of
-- that address was created until the last one left. The CRM keeps no history of roles: a contact
-- has always had the role it has. A contact that was moved by a merge was a champion of the
-- account before, if its user still belongs to that account's own workspace.
{{ config(materialized='ephemeral') }}

with contacts as (
    select
        account_id,
        coalesce(lower(trim(email)), contact_id) as person,
        min(cast(created_at as date)) as named_from,
        max(coalesce(cast(left_at as date), cast('9999-12-31' as date))) as named_to
    from {{ ref('int_crm_contacts') }}
    where
        contact_role = 'champion'
        and account_id <> 'unassigned'
        and (is_active or left_at is not null)
    group by
        account_id,
        coalesce(lower(trim(email)), contact_id)
),

sources as (
    select
        phase_no,
        account_id,
        phase_from,
        phase_to,
        source_system,
        account_key
    from {{ ref('int_health_usage_sources') }}
),

phases as (
    select distinct
        phase_no,
        account_id,
        phase_from,
        phase_to
    from sources
),

users as (
    select
        users.source_system,
        users.account_key,
        users.user_id,
        users.account_id,
        lower(trim(users.email)) as person
    from {{ ref('int_product_users') }} as users
    where users.email is not null
),

-- The phases of the accounts that the champion's users worked in, else of the contact's account.
homes as (
    select
        contacts.person,
        contacts.account_id,
        contacts.named_from,
        contacts.named_to,
        sources.phase_no
    from contacts
    inner join users
        on
            contacts.person = users.person
            and contacts.account_id = users.account_id
    inner join sources
        on
            users.source_system = sources.source_system
            and users.account_key = sources.account_key
    group by
        contacts.person,
        contacts.account_id,
        contacts.named_from,
        contacts.named_to,
        sources.phase_no
),

named as (
    select
        person,
        phase_no,
        named_from,
        named_to
    from homes
    union all
    select
        contacts.person,
        phases.phase_no,
        contacts.named_from,
        contacts.named_to
    from contacts
    inner join phases
        on contacts.account_id = phases.account_id
    left outer join homes
        on
            contacts.person = homes.person
            and contacts.account_id = homes.account_id
    where homes.person is null
),

people as (
    select distinct
        named.person,
        named.phase_no,
        named.named_from,
        named.named_to,
        known.person_no
    from named
    inner join users
        on named.person = users.person
    inner join sources
        on
            named.phase_no = sources.phase_no
            and users.source_system = sources.source_system
            and users.account_key = sources.account_key
    inner join {{ ref('int_product_people') }} as known
        on
            users.source_system = known.source_system
            and users.account_key = known.account_key
            and users.user_id = known.user_id
),

stretches as (
    select
        people.phase_no,
        people.person,
        greatest(days.known_on, people.named_from) as active_from,
        least({{ add_days('days.usage_date', 28) }}, people.named_to) as active_to
    from {{ ref('int_health_usage_user_days') }} as days
    inner join people
        on
            days.phase_no = people.phase_no
            and days.person_no = people.person_no
),

cut as (
    select
        phase_no,
        active_from,
        active_to,
        max(active_to) over (
            partition by phase_no, person
            order by active_from, active_to
            rows between unbounded preceding and 1 preceding
        ) as covered_to
    from stretches
    where active_from < active_to
),

changes as (
    {%- for edge, sign in [('from', ''), ('to', '-')] %}
    select
        phase_no,
        named_{{ edge }} as date_day,
        {{ sign }}1 as champions_named,
        0 as champions_active
    from named
    where named_from < named_to
    union all
    select
        phase_no,
        {% if edge == 'from' -%}
        greatest(active_from, coalesce(covered_to, active_from)) as date_day,
        {%- else -%}
        active_to as date_day,
        {%- endif %}
        0 as champions_named,
        {{ sign }}1 as champions_active
    from cut
    where covered_to is null or active_to > covered_to
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

final as (
    select
        phase_no,
        date_day,
        sum(champions_named) as champions_named,
        sum(champions_active) as champions_active
    from changes
    group by
        phase_no,
        date_day
)

select * from final
