-- Grain: one row per account and day under contract: its key people as known at the end of it.
-- A person counts once, however many records the CRM has. Null before the first contact with a
-- role of that kind of the whole company.
{% set measures = [
    'champions_named', 'champions_active', 'sponsors_named', 'key_people_left_90d',
    'sponsor_engaged_90d',
] %}
{% set kinds = ['champion', 'sponsor', 'champion_left'] %}

with account_days as (
    select
        account_id,
        date_day
    from {{ ref('int_health_account_days') }}
),

ownership as (
    select
        account_id,
        owner_account_id,
        valid_from,
        valid_to
    from {{ ref('int_account_ownership') }}
),

contacts as (
    select
        contact_id,
        account_id,
        person_key,
        contact_role,
        valid_from,
        valid_to,
        ended_by,
        coalesce(valid_to, cast('9999-12-31' as date)) as ends_on
    from {{ ref('int_crm_contact_spells') }}
    where contact_role in ('champion', 'sponsor', 'decision_maker')
),

touchpoints as (
    select
        account_id,
        person_key,
        known_on,
        lead(known_on) over (
            partition by account_id, person_key
            order by known_on, touchpoint_id
        ) as next_on
    from {{ ref('int_crm_touchpoint_marks') }}
    where
        contact_role in ('sponsor', 'decision_maker')
        and not {{ is_no_show('outcome') }}
),

-- Records of one person that overlap: what of a record the earlier ones leave.
ordered as (
    select
        contact_id,
        account_id,
        contact_role,
        valid_to,
        ended_by,
        ends_on,
        greatest(
            valid_from,
            coalesce(
                max(ends_on) over (
                    partition by account_id, contact_role, person_key
                    order by valid_from, contact_id
                    rows between unbounded preceding and 1 preceding
                ),
                valid_from
            )
        ) as counts_from,
        case
            when row_number() over (
                partition by account_id, contact_role, person_key
                order by valid_from, contact_id
            ) = 1 then valid_from
        end as named_on
    from contacts
),

spans as (
    select
        account_id,
        'champions_named' as measure,
        1 as amount,
        named_on as valid_from,
        cast(null as date) as valid_to
    from ordered
    where contact_role = 'champion' and named_on is not null
    union all
    select
        account_id,
        case contact_role when 'champion' then 'champions_active' else 'sponsors_named' end
            as measure,
        1 as amount,
        counts_from as valid_from,
        valid_to
    from ordered
    where contact_role in ('champion', 'sponsor')
    union all
    select
        account_id,
        'key_people_left_90d' as measure,
        1 as amount,
        valid_to as valid_from,
        {{ add_days('valid_to', 90) }} as valid_to
    from ordered
    where ended_by = 'left' and counts_from < ends_on
    union all
    select
        account_id,
        'sponsor_engaged_90d' as measure,
        1 as amount,
        known_on as valid_from,
        least(
            {{ add_days('known_on', 90) }}, coalesce(next_on, cast('9999-12-31' as date))
        ) as valid_to
    from touchpoints
),

{{ account_day_totals('spans', measures) }},

latest as (
    select
        account_id,
        case contact_role when 'champion' then 'champion' else 'sponsor' end as kind,
        contact_id as row_id,
        cast(valid_from as timestamp) as occurred_at,
        valid_from as occurred_on,
        cast(null as double) as amount
    from contacts
    union all
    select
        account_id,
        'champion_left' as kind,
        contact_id as row_id,
        cast(valid_to as timestamp) as occurred_at,
        valid_to as occurred_on,
        cast(null as double) as amount
    from ordered
    where contact_role = 'champion' and ended_by = 'left' and counts_from < ends_on
),

{{ latest_of_day('latest', kinds) }},

final as (
    select
        account_days.account_id,
        account_days.date_day,
        {%- for measure, kind in {
            'champions_named': 'champion',
            'champions_active': 'champion',
            'sponsors_named': 'sponsor',
            'sponsor_engaged_90d': 'sponsor',
        }.items() %}
        case
            when latest_of_day.{{ kind }}_first_day is not null
                then cast(day_totals.{{ measure }} as double)
        end as {{ measure }},
        {%- endfor %}
        case
            when
                latest_of_day.champion_first_day is not null
                or latest_of_day.sponsor_first_day is not null
                then cast(day_totals.key_people_left_90d as double)
        end as key_people_left_90d,
        case
            when
                {{ days_between('latest_of_day.champion_left_on', 'account_days.date_day') }} < 180
                then latest_of_day.champion_left_on
        end as champion_left_on,
        case
            when
                {{ days_between('latest_of_day.champion_left_on', 'account_days.date_day') }} < 180
                then
                    cast(
                        {{ days_between(
                            'latest_of_day.champion_left_on', 'account_days.date_day'
                        ) }} as double
                    )
        end as days_since_champion_left
    from account_days
    inner join day_totals
        on
            account_days.account_id = day_totals.account_id
            and account_days.date_day = day_totals.date_day
    inner join latest_of_day
        on
            account_days.account_id = latest_of_day.account_id
            and account_days.date_day = latest_of_day.date_day
)

select * from final
