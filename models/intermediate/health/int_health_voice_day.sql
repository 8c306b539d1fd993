-- Grain: one row per account and day under contract: what was heard from it, as known at the end.
-- Heard: a touchpoint that was held, a survey answer, a ticket. An account that was never heard
-- counts from the start of its contract, or from the first such row of the whole company. Mentions
-- of competitors are looked for in the subjects and outcomes of touchpoints and in the comments of
-- survey answers (seed competitor_terms); null before the first such text.
{% set measures = ['competitor_mentions_180d'] %}

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
        known_on,
        subject,
        outcome
    from {{ ref('int_crm_touchpoint_marks') }}
),

answers as (
    select
        account_id,
        response_id,
        comment,
        valid_from
    from {{ ref('int_feedback_answer_spells') }}
),

tickets as (
    select
        account_id,
        ticket_id,
        occurred_on
    from {{ ref('int_support_ticket_marks') }}
    where mark = 'opened'
),

terms as (
    select lower(term) as term
    from {{ ref('competitor_terms') }}
),

texts as (
    select
        account_id,
        touchpoint_id as row_id,
        known_on,
        ' ' || lower(coalesce(subject, '') || ' ' || coalesce(outcome, '')) || ' ' as words
    from touchpoints
    where subject is not null or outcome is not null
    union all
    select
        account_id,
        response_id as row_id,
        valid_from as known_on,
        ' ' || lower(comment) || ' ' as words
    from answers
    where comment is not null
),

mentions as (
    select
        texts.account_id,
        texts.row_id,
        texts.known_on
    from texts
    inner join terms
        on texts.words like '%' || terms.term || '%'
    group by
        texts.account_id,
        texts.row_id,
        texts.known_on
),

spans as (
    select
        account_id,
        'competitor_mentions_180d' as measure,
        1 as amount,
        known_on as valid_from,
        {{ add_days('known_on', 180) }} as valid_to
    from mentions
),

{{ account_day_totals('spans', measures) }},

latest as (
    select
        account_id,
        'heard' as kind,
        touchpoint_id as row_id,
        cast(known_on as timestamp) as occurred_at,
        known_on as occurred_on,
        cast(null as double) as amount
    from touchpoints
    where not {{ is_no_show('outcome') }}
    union all
    select
        account_id,
        'heard' as kind,
        response_id as row_id,
        cast(valid_from as timestamp) as occurred_at,
        valid_from as occurred_on,
        cast(null as double) as amount
    from answers
    union all
    select
        account_id,
        'heard' as kind,
        ticket_id as row_id,
        cast(occurred_on as timestamp) as occurred_at,
        occurred_on,
        cast(null as double) as amount
    from tickets
),

{{ latest_of_day('latest', ['heard']) }},

{{ learned_days('texts', 'known_on') }},

final as (
    select
        account_days.account_id,
        account_days.date_day,
        case
            when latest_of_day.heard_first_day is not null
                then
                    cast(
                        {{ days_between(
                            'coalesce(latest_of_day.heard_on, greatest('
                            ~ 'account_days.contract_started_on, latest_of_day.heard_first_day))',
                            'account_days.date_day'
                        ) }} as double
                    )
        end as days_since_heard,
        case
            when learned_days.first_day is not null
                then cast(day_totals.competitor_mentions_180d as double)
        end as competitor_mentions_180d
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
