-- Grain: one row per account, survey type and month from its first survey to the as-of month.
-- The figures of a month are those at its end (the as-of date in the running month). Each account
-- has one row, so that a mean over rows weighs accounts equally and a ratio of sums weighs answers.
with survivors as (
    select
        account_id,
        owner_account_id
    from {{ ref('int_account_ownership') }}
    where valid_to is null
),

answers as (
    select
        coalesce(survivors.owner_account_id, 'unassigned') as account_id,
        spells.survey_type,
        spells.score,
        spells.is_satisfied,
        spells.valid_from,
        -- All answers are today's survivor's, so a person has one latest before the merge too.
        least(
            spells.valid_to,
            coalesce(
                lead(spells.valid_from) over (
                    partition by
                        spells.source_system,
                        survivors.owner_account_id,
                        spells.survey_type,
                        spells.person_key
                    order by spells.responded_at, spells.response_id
                ), spells.valid_to
            )
        ) as valid_to
    from {{ ref('int_feedback_answer_spells') }} as spells
    left outer join survivors
        on spells.account_id = survivors.account_id
),

requests as (
    select
        coalesce(survivors.owner_account_id, 'unassigned') as account_id,
        sent.survey_type,
        sent.sent_on,
        sent.answered_on
    from {{ ref('int_feedback_request_marks') }} as sent
    left outer join survivors
        on sent.account_id = survivors.account_id
),

months as (
    select
        month,
        least(last_day, {{ as_of_date() }}) as snapshot_on
    from (
        select
            month,
            cast({{ dbt.last_day('month', 'month') }} as date) as last_day
        from {{ ref('int_calendar_months') }}
    ) as calendar
),

first_days as (
    select
        account_id,
        survey_type,
        min(first_day) as first_day
    from (
        select
            account_id,
            survey_type,
            valid_from as first_day
        from answers
        union all
        select
            account_id,
            survey_type,
            sent_on as first_day
        from requests
    ) as surveys
    group by
        account_id,
        survey_type
),

grid as (
    select
        first_days.account_id,
        first_days.survey_type,
        months.month,
        months.snapshot_on
    from first_days
    inner join months
        on first_days.first_day <= months.snapshot_on
),

answered as (
    select
        grid.account_id,
        grid.survey_type,
        grid.month,
        count_if(answers.valid_from >= grid.month) as answers,
        count_if(answers.valid_to > grid.snapshot_on) as respondents,
        count_if(answers.valid_to > grid.snapshot_on and answers.score >= 9) as promoters,
        count_if(answers.valid_to > grid.snapshot_on and answers.score <= 6) as detractors,
        count_if(answers.valid_to > grid.snapshot_on and answers.is_satisfied) as satisfied,
        sum(case when answers.valid_to > grid.snapshot_on then answers.score end) as score_total,
        sum(case when answers.valid_to > grid.snapshot_on then answers.score * answers.score end)
            as score_squares
    from grid
    inner join answers
        on
            grid.account_id = answers.account_id
            and grid.survey_type = answers.survey_type
            and grid.snapshot_on >= answers.valid_from
    group by
        grid.account_id,
        grid.survey_type,
        grid.month
),

asked as (
    select
        grid.account_id,
        grid.survey_type,
        grid.month,
        count(*) as surveys_sent,
        count_if(requests.answered_on <= grid.snapshot_on) as surveys_answered
    from grid
    inner join requests
        on
            grid.account_id = requests.account_id
            and grid.survey_type = requests.survey_type
            and grid.snapshot_on >= requests.sent_on
    where requests.sent_on > {{ add_days('grid.snapshot_on', -var('nps_window_days')) }}
    group by
        grid.account_id,
        grid.survey_type,
        grid.month
),

final as (
    select
        cast(grid.account_id as varchar) as account_id,
        cast(grid.survey_type as varchar) as survey_type,
        grid.month,
        grid.snapshot_on,
        cast(coalesce(answered.answers, 0) as bigint) as answers,
        cast(coalesce(answered.respondents, 0) as bigint) as respondents,
        cast(
            case when grid.survey_type = 'nps' then coalesce(answered.promoters, 0) end as bigint
        ) as promoters,
        cast(
            case when grid.survey_type = 'nps' then coalesce(answered.detractors, 0) end as bigint
        ) as detractors,
        cast(
            case when grid.survey_type = 'csat' then coalesce(answered.satisfied, 0) end as bigint
        ) as satisfied,
        cast(
            case
                when grid.survey_type = 'nps' and answered.respondents > 0
                    then 100.0 * (answered.promoters - answered.detractors) / answered.respondents
            end as double
        ) as nps,
        cast(
            case
                when grid.survey_type = 'csat' and answered.respondents > 0
                    then 1.0 * answered.satisfied / answered.respondents
            end as double
        ) as csat,
        cast(
            case
                when answered.respondents > 0 then 1.0 * answered.score_total / answered.respondents
            end as double
        ) as mean_score,
        cast(answered.score_total as double) as score_total,
        cast(answered.score_squares as double) as score_squares,
        cast(coalesce(asked.surveys_sent, 0) as bigint) as surveys_sent,
        cast(coalesce(asked.surveys_answered, 0) as bigint) as surveys_answered,
        cast(1.0 * asked.surveys_answered / asked.surveys_sent as double) as response_rate
    from grid
    left outer join answered
        on
            grid.account_id = answered.account_id
            and grid.survey_type = answered.survey_type
            and grid.month = answered.month
    left outer join asked
        on
            grid.account_id = asked.account_id
            and grid.survey_type = asked.survey_type
            and grid.month = asked.month
)

select * from final
