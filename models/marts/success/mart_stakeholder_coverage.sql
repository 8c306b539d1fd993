-- Grain: one row per customer, or account under contract: who of those that matter is covered.
-- What the CRM records of no customer is not known of any. People count once per account.
{% set key_roles = ['champion', 'decision_maker', 'sponsor'] %}

with accounts as (
    select
        account_id,
        account_name,
        segment,
        csm_id,
        csm_name,
        arr
    from {{ ref('mart_account_360') }}
    where is_customer or health_band is not null
),

people as (
    select
        account_id,
        person_id,
        contact_role,
        is_executive,
        standing,
        is_in_place,
        left_on,
        has_product_user,
        active_days_28d,
        case standing
            when 'engaged' then 1
            when 'in place' then 2
            when 'silent' then 3
            when 'left' then 4
        end as place,
        contact_role in ('champion', 'decision_maker', 'sponsor') as is_key
    from {{ ref('mart_stakeholder_map') }}
),

counted as (
    select
        account_id,
        count(distinct case when is_in_place then person_id end) as people_in_place,
        count(distinct case when standing = 'engaged' then person_id end) as threads,
        count_if(standing = 'in place') as not_known,
        {%- for role in key_roles %}
        min(case when contact_role = '{{ role }}' then place end) as {{ role }}_place,
        {%- endfor %}
        count(distinct case when is_key and place = 1 then contact_role end) as roles_covered,
        count(distinct case
            when
                is_key
                and standing = 'left'
                and left_on > {{ add_days(as_of_date(), -180) }}
                then person_id
        end) as key_people_left_180d,
        max(case when is_key and standing = 'left' then left_on end) as last_key_person_left_on,
        count(distinct case when is_executive and is_in_place then person_id end)
            as executives_in_place,
        count(distinct case
            when is_executive and is_in_place and has_product_user then person_id
        end) as executives_with_user,
        count(distinct case
            when is_executive and is_in_place and active_days_28d > 0 then person_id
        end) as executives_active_28d,
        count_if(is_executive and is_in_place and has_product_user is null) as users_not_known,
        count_if(
            is_executive and is_in_place and has_product_user and active_days_28d is null
        ) as activity_not_known
    from people
    group by account_id
),

company as (
    select
        count(*) > 0 as has_people,
        count_if(is_executive) > 0 as has_executives,
        count(has_product_user) > 0 as has_users,
        {%- for role in key_roles %}
        count_if(contact_role = '{{ role }}') > 0 as has_{{ role }},
        {%- endfor %}
        count_if(is_key) > 0 as has_key_roles
    from people
),

covered as (
    select
        accounts.*,
        company.has_people,
        company.has_executives,
        company.has_users,
        company.has_key_roles,
        {%- for role in key_roles %}
        case
            when company.has_{{ role }} then
                case counted.{{ role }}_place
                    when 1 then 'engaged'
                    when 2 then 'in place'
                    when 3 then 'silent'
                    when 4 then 'left'
                    else 'nobody'
                end
        end as {{ role }},
        {%- endfor %}
        coalesce(counted.roles_covered, 0) as roles_covered,
        coalesce(counted.people_in_place, 0) as people_in_place,
        coalesce(counted.threads, 0) as threads,
        coalesce(counted.not_known, 0) as not_known,
        coalesce(counted.key_people_left_180d, 0) as key_people_left_180d,
        counted.last_key_person_left_on,
        coalesce(counted.executives_in_place, 0) as executives_in_place,
        coalesce(counted.executives_with_user, 0) as executives_with_user,
        coalesce(counted.executives_active_28d, 0) as executives_active_28d,
        coalesce(counted.users_not_known, 0) as users_not_known,
        coalesce(counted.activity_not_known, 0) as activity_not_known
    from accounts
    cross join company
    left outer join counted
        on accounts.account_id = counted.account_id
),

final as (
    select
        account_id,
        account_name,
        segment,
        csm_id,
        csm_name,
        arr,
        {%- for role in key_roles %}
        cast({{ role }} as varchar) as {{ role }},
        {%- endfor %}
        cast(case when has_key_roles then roles_covered end as bigint) as roles_covered,
        cast(case when has_people then people_in_place end as bigint) as people_in_place,
        cast(case when has_people and not_known = 0 then threads end as bigint) as threads,
        cast(
            case
                when not has_people then null
                when threads > 1 then 'several'
                when not_known > 0 then null
                when threads = 1 then 'one'
                else 'nobody'
            end as varchar
        ) as threading,
        cast(case when has_key_roles then key_people_left_180d end as bigint)
            as key_people_left_180d,
        last_key_person_left_on,
        cast(case when has_executives then executives_in_place end as bigint)
            as executives_in_place,
        cast(
            case
                when has_executives and has_users and users_not_known = 0
                    then executives_with_user
            end as bigint
        ) as executives_with_user,
        cast(
            case
                when
                    has_executives
                    and has_users
                    and users_not_known = 0
                    and activity_not_known = 0
                    then executives_active_28d
            end as bigint
        ) as executives_active_28d,
        {{ as_of_date() }} as as_of_date
    from covered
)

select * from final
