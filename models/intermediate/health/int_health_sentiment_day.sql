-- Grain: one row per account and day under contract: what its people said, as known at its end.
-- NPS takes the latest answer of each person in `nps_window_days`; satisfaction the ticket ratings
-- of 90 days. A survey counts as unanswered once it is two weeks old.
{% set window_days = var('nps_window_days') %}
{% set measures = [
    'promoters', 'detractors', 'nps_responses', 'satisfied_answers', 'csat_answers',
    'good_ratings', 'csat_ratings', 'requests', 'answers',
] %}

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

answers as (
    select
        response_id,
        account_id,
        survey_type,
        score,
        is_satisfied,
        responded_at,
        valid_from,
        valid_to
    from {{ ref('int_feedback_answer_spells') }}
),

requests as (
    select
        account_id,
        sent_on
    from {{ ref('int_feedback_request_marks') }}
),

ratings as (
    select
        account_id,
        mark,
        occurred_on,
        least(
            {{ add_days('occurred_on', 90) }}, coalesce(void_on, cast('9999-12-31' as date))
        ) as valid_to
    from {{ ref('int_support_ticket_marks') }}
    where mark in ('rated_good', 'rated_bad')
),

kinds as (
    select
        account_id,
        valid_from,
        valid_to,
        case
            when survey_type = 'nps' and score >= 9 then 'promoters'
            when survey_type = 'nps' and score <= 6 then 'detractors'
            when survey_type = 'csat' and is_satisfied then 'satisfied_answers'
        end as part,
        case survey_type when 'nps' then 'nps_responses' when 'csat' then 'csat_answers' end
            as whole
    from answers
),

spans as (
    select
        account_id,
        part as measure,
        1 as amount,
        valid_from,
        valid_to
    from kinds
    where part is not null
    union all
    select
        account_id,
        whole as measure,
        1 as amount,
        valid_from,
        valid_to
    from kinds
    where whole is not null
    union all
    select
        account_id,
        'answers' as measure,
        1 as amount,
        valid_from,
        {{ add_days('valid_from', window_days) }} as valid_to
    from answers
    union all
    select
        account_id,
        'requests' as measure,
        1 as amount,
        {{ add_days('sent_on', 14) }} as valid_from,
        {{ add_days('sent_on', window_days) }} as valid_to
    from requests
    union all
    select
        account_id,
        'csat_ratings' as measure,
        1 as amount,
        occurred_on as valid_from,
        valid_to
    from ratings
    union all
    select
        account_id,
        'good_ratings' as measure,
        1 as amount,
        occurred_on as valid_from,
        valid_to
    from ratings
    where mark = 'rated_good'
),

{{ account_day_totals('spans', measures) }},

latest as (
    select
        account_id,
        'nps' as kind,
        response_id as row_id,
        responded_at as occurred_at,
        valid_from as occurred_on,
        cast(score as double) as amount
    from answers
    where survey_type = 'nps'
    union all
    select
        account_id,
        'csat' as kind,
        mark as row_id,
        cast(occurred_on as timestamp) as occurred_at,
        occurred_on,
        cast(null as double) as amount
    from ratings
),

{{ latest_of_day('latest', ['nps', 'csat']) }},

{{ learned_days('requests', 'sent_on') }},

final as (
    select
        account_days.account_id,
        account_days.date_day,
        case
            when day_totals.nps_responses > 0
                then
                    100.0 * cast(day_totals.promoters - day_totals.detractors as double)
                    / day_totals.nps_responses
        end as nps,
        case
            when latest_of_day.nps_first_day is not null
                then cast(day_totals.nps_responses as double)
        end as nps_responses,
        latest_of_day.nps_on,
        latest_of_day.nps_amount as last_score,
        case
            when day_totals.csat_ratings > 0
                then cast(day_totals.good_ratings as double) / day_totals.csat_ratings
        end as csat,
        case
            when latest_of_day.csat_first_day is not null
                then cast(day_totals.csat_ratings as double)
        end as csat_ratings,
        latest_of_day.csat_on,
        case
            when day_totals.csat_answers > 0
                then cast(day_totals.satisfied_answers as double) / day_totals.csat_answers
        end as survey_csat,
        case
            when learned_days.first_day is null then null
            when day_totals.answers > 0 then 0.0
            else cast(day_totals.requests as double)
        end as survey_silent
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
