-- Grain: one row per account and day under contract: its touchpoints as known at the end of it.
-- Planned touchpoints do not count, nor those in which nobody showed up. An account that never had
-- one is that many days without as its contract has lasted, or as there have been any in the whole
-- company if that is later (null before); there is no last one to count days since.
{% set measures = ['touchpoints_90d', 'meetings_90d'] %}
{% set kinds = ['touchpoint', 'review'] %}

with account_days as (
    select
        account_id,
        date_day,
        contract_started_on
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

touchpoints as (
    select
        account_id,
        touchpoint_id,
        occurred_at,
        touchpoint_type,
        known_on
    from {{ ref('int_crm_touchpoint_marks') }}
    where not {{ is_no_show('outcome') }}
),

spans as (
    select
        account_id,
        'touchpoints_90d' as measure,
        1 as amount,
        known_on as valid_from,
        {{ add_days('known_on', 90) }} as valid_to
    from touchpoints
    union all
    select
        account_id,
        'meetings_90d' as measure,
        1 as amount,
        known_on as valid_from,
        {{ add_days('known_on', 90) }} as valid_to
    from touchpoints
    where touchpoint_type in ('kickoff', 'training', 'qbr', 'ebr', 'meeting')
),

{{ account_day_totals('spans', measures) }},

latest as (
    select
        account_id,
        'touchpoint' as kind,
        touchpoint_id as row_id,
        cast(known_on as timestamp) as occurred_at,
        known_on as occurred_on,
        cast(null as double) as amount
    from touchpoints
    union all
    select
        account_id,
        'review' as kind,
        touchpoint_id as row_id,
        cast(known_on as timestamp) as occurred_at,
        known_on as occurred_on,
        cast(null as double) as amount
    from touchpoints
    where touchpoint_type in ('qbr', 'ebr')
),

{{ latest_of_day('latest', kinds) }},

{{ learned_days('touchpoints', 'known_on') }},

final as (
    select
        account_days.account_id,
        account_days.date_day,
        {%- for measure in measures %}
        case
            when learned_days.first_day is not null then cast(day_totals.{{ measure }} as double)
        end as {{ measure }},
        {%- endfor %}
        {%- for kind, what in {'touchpoint': 'touchpoint', 'review': 'qbr'}.items() %}
        cast(
            {{ days_between('latest_of_day.' ~ kind ~ '_on', 'account_days.date_day') }} as bigint
        ) as days_since_{{ what }},
        case
            when latest_of_day.{{ kind }}_first_day is not null
                then
                    cast(
                        {{ days_between(
                            'coalesce(latest_of_day.' ~ kind ~ '_on, greatest('
                            ~ 'account_days.contract_started_on, latest_of_day.' ~ kind
                            ~ '_first_day))',
                            'account_days.date_day'
                        ) }} as double
                    )
        end as days_without_{{ what }},
        {%- endfor %}
        learned_days.last_day as engagement_on
    from account_days
    inner join day_totals
        on
            account_days.account_id = day_totals.account_id
            and account_days.date_day = day_totals.date_day
    inner join latest_of_day
        on
            account_days.account_id = latest_of_day.account_id
            and account_days.date_day = latest_of_day.date_day
    inner join learned_days
        on account_days.date_day = learned_days.date_day
)

select * from final
