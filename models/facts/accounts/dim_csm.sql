-- Grain: one row per person who can hold accounts or held one, and one row 'unassigned'.
-- A CRM does not say who is a customer success manager: any user may be named as one.
with people as (
    select
        source_system,
        csm_id,
        csm_name,
        manager_id,
        is_active
    from {{ ref('int_crm_csms') }}
),

books as (
    select
        coalesce(csm_id, 'unassigned') as csm_id,
        min(month) as first_book_month,
        max(month) as last_book_month
    from {{ ref('fct_account_care_month') }}
    where closing_arr > 0
    group by coalesce(csm_id, 'unassigned')
),

holders as (
    select csm_id
    from people
    union
    select csm_id
    from books
    union
    select 'unassigned' as csm_id
),

final as (
    select
        cast(coalesce(people.source_system, 'none') as varchar) as source_system,
        cast(holders.csm_id as varchar) as csm_id,
        cast(
            case holders.csm_id when 'unassigned' then 'Unassigned' else people.csm_name end
            as varchar
        ) as csm_name,
        cast(people.manager_id as varchar) as manager_id,
        cast(managers.csm_name as varchar) as manager_name,
        people.is_active,
        people.csm_id is not null as is_listed,
        books.first_book_month,
        books.last_book_month
    from holders
    left outer join people
        on holders.csm_id = people.csm_id
    left outer join people as managers
        on
            people.source_system = managers.source_system
            and people.manager_id = managers.csm_id
    left outer join books
        on holders.csm_id = books.csm_id
)

select * from final
