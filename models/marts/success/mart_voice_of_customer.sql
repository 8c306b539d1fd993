-- Grain: one row per month, survey_type, segment_type and segment_value.
-- The state at the end of the month: each person counts with the latest answer of nps_window_days.
{% set account_columns = segment_columns().values() | list %}

with sentiment as (
    select
        account_id,
        survey_type,
        month,
        snapshot_on,
        answers,
        respondents,
        promoters,
        detractors,
        satisfied,
        score_total,
        score_squares,
        surveys_sent,
        surveys_answered,
        case survey_type when 'nps' then nps when 'csat' then csat else mean_score end as value
    from {{ ref('fct_account_sentiment') }}
),

account_months as (
    select
        account_id,
        month,
        closing_arr,
        {{ each_column(account_columns, '@') }}
    from {{ ref('fct_account_month') }}
),

-- Answers that belong to no account are answers, but no account's.
joined as (
    select
        sentiment.*,
        case when sentiment.account_id <> 'unassigned' then sentiment.value end as account_value,
        case when sentiment.value is not null then account_months.closing_arr end as arr,
        {{ each_column(account_columns, 'account_months.@') }}
    from sentiment
    left outer join account_months
        on
            sentiment.account_id = account_months.account_id
            and sentiment.month = account_months.month
            and sentiment.account_id <> 'unassigned'
),

cuts as (
    select
        month,
        snapshot_on,
        survey_type,
        {{ segment_keys() }},
        sum(answers) as answers,
        sum(respondents) as respondents,
        count(account_value) as accounts,
        sum(promoters) as promoters,
        sum(detractors) as detractors,
        sum(satisfied) as satisfied,
        sum(score_total) as score_total,
        sum(score_squares) as score_squares,
        sum(surveys_sent) as surveys_sent,
        sum(surveys_answered) as surveys_answered,
        avg(account_value) as value,
        sum(account_value * arr) / nullif(sum(arr), 0) as value_arr_weighted
    from joined
    group by {{ segment_grouping_sets(['month', 'snapshot_on', 'survey_type']) }}
),

-- A cut in which nobody answered has no value, and no interval.
bounded as (
    select
        *,
        case
            when respondents = 0 then null
            when survey_type = 'nps' then 100.0 * (promoters - detractors) / respondents
            when survey_type = 'csat' then 1.0 * satisfied / respondents
            else score_total / respondents
        end as value_response_weighted,
        case
            when respondents = 0 then null
            when survey_type = 'nps'
                then {{ nps_bound('promoters', 'detractors', 'respondents', '-') }}
            when survey_type = 'csat' then {{ wilson_bound('satisfied', 'respondents', '-') }}
            when respondents >= 5
                then {{ mean_bound('score_total', 'score_squares', 'respondents', '-') }}
        end as ci_low,
        case
            when respondents = 0 then null
            when survey_type = 'nps'
                then {{ nps_bound('promoters', 'detractors', 'respondents', '+') }}
            when survey_type = 'csat' then {{ wilson_bound('satisfied', 'respondents', '+') }}
            when respondents >= 5
                then {{ mean_bound('score_total', 'score_squares', 'respondents', '+') }}
        end as ci_high
    from cuts
),

final as (
    select
        month,
        snapshot_on,
        survey_type,
        segment_type,
        segment_value,
        cast(answers as bigint) as answers,
        cast(respondents as bigint) as respondents,
        cast(accounts as bigint) as accounts,
        cast(promoters as bigint) as promoters,
        cast(detractors as bigint) as detractors,
        cast(satisfied as bigint) as satisfied,
        cast(round(value, 10) as double) as value,
        cast(value_response_weighted as double) as value_response_weighted,
        cast(round(value_arr_weighted, 10) as double) as value_arr_weighted,
        cast(round(ci_low, 8) as double) as ci_low,
        cast(round(ci_high, 8) as double) as ci_high,
        cast(surveys_sent as bigint) as surveys_sent,
        cast(surveys_answered as bigint) as surveys_answered,
        cast(surveys_answered as double) / nullif(surveys_sent, 0) as response_rate
    from bounded
)

select * from final
