-- Grain: one row per account that is not merged away: its last quarter, and the one before.
-- A quarter is 91 days, the time between two business reviews; ARR is that of the month's close
-- three months back. What is not known of the whole quarter is null, and not a lesser number.
{% set marks = ['opened', 'solved', 'breached'] %}
{% set this_month = dbt.date_trunc('month', as_of_date()) %}
{% set quarter_ago = add_days(as_of_date(), -91) %}
{% set two_quarters_ago = add_days(as_of_date(), -182) %}

with accounts as (
    select account_id
    from {{ ref('dim_account') }}
    where
        merged_into_account_id is null
        and account_id <> 'unassigned'
),

account_months as (
    select
        account_id,
        opening_arr
    from {{ ref('fct_account_month') }}
    where month = cast({{ dbt.dateadd('month', -2, this_month) }} as date)
),

usage_days as (
    select
        account_id,
        usage_date,
        active_users_28d
    from {{ ref('fct_account_usage_day') }}
    where usage_date in ({{ as_of_date() }}, {{ quarter_ago }})
),

usage as (
    select
        account_id,
        max(case when usage_date = {{ as_of_date() }} then active_users_28d end) as active_users,
        max(case when usage_date < {{ as_of_date() }} then active_users_28d end)
            as active_users_before
    from usage_days
    group by account_id
),

features as (
    select
        account_id,
        count(*) as features_entitled,
        count_if(events >= {{ var('activation_events') }}) as features_used,
        {{ dbt.listagg(
            "case when is_key_feature and events < " ~ var('activation_events')
            ~ " then feature end", "', '", "order by feature"
        ) }} as key_features_unused
    from {{ ref('fct_account_feature_28d') }}
    where is_entitled
    group by account_id
),

support_days as (
    select
        account_id,
        date_day,
        backlog,
        {{ each_column(marks, '@') }}
    from {{ ref('fct_account_support_day') }}
),

support as (
    select
        account_id,
        max(case when date_day = {{ as_of_date() }} then backlog end) as backlog,
        {{ each_column(
            marks, "sum(case when date_day > " ~ quarter_ago ~ " then @ end) as @"
        ) }},
        {{ each_column(
            marks, "sum(case when date_day <= " ~ quarter_ago ~ " then @ end) as @_before"
        ) }}
    from support_days
    where date_day > {{ two_quarters_ago }}
    group by account_id
),

sentiment as (
    select
        account_id,
        max(case when survey_type = 'nps' then nps end) as nps,
        max(case when survey_type = 'nps' then respondents end) as nps_respondents,
        max(case when survey_type = 'csat' then csat end) as csat,
        max(case when survey_type = 'csat' then respondents end) as csat_respondents
    from {{ ref('fct_account_sentiment') }}
    where month = cast({{ this_month }} as date)
    group by account_id
),

answers as (
    select
        account_id,
        max(cast(responded_at as date)) as last_answer_on
    from {{ ref('fct_survey_response') }}
    group by account_id
),

touchpoints as (
    select
        account_id,
        cast(occurred_at as date) as held_on,
        is_review,
        is_with_executive
    from {{ ref('fct_touchpoint') }}
    where is_held
),

care as (
    select
        account_id,
        count_if(held_on > {{ quarter_ago }}) as touchpoints,
        max(case when is_review then held_on end) as last_review_on,
        max(case when is_review and is_with_executive then held_on end)
            as last_executive_review_on
    from touchpoints
    group by account_id
),

final as (
    select
        accounts.account_id,
        cast({{ add_days(as_of_date(), -90) }} as date) as quarter_from,
        cast(coalesce(account_months.opening_arr, 0) as decimal(18, 2)) as arr_3m_ago,
        cast(usage.active_users as bigint) as active_users,
        cast(usage.active_users_before as bigint) as active_users_before,
        {%- for column in ['features_entitled', 'features_used'] %}
        cast(
            case when usage.active_users is not null then features.{{ column }} end as bigint
        ) as {{ column }},
        {%- endfor %}
        cast(
            case when usage.active_users is not null then features.key_features_unused end
            as varchar
        ) as key_features_unused,
        {%- for suffix, begins in [('', quarter_ago), ('_before', two_quarters_ago)] %}
        {%- for mark in marks %}
        cast(
            case
                when (select min(known.date_day) from support_days as known) <= {{ begins }}
                    then coalesce(support.{{ mark ~ suffix }}, 0)
            end as bigint
        ) as tickets_{{ mark ~ suffix }},
        {%- endfor %}
        {%- endfor %}
        cast(
            case
                when (select min(known.date_day) from support_days as known) is not null
                    then coalesce(support.backlog, 0)
            end as bigint
        ) as tickets_open,
        sentiment.nps,
        cast(sentiment.nps_respondents as bigint) as nps_respondents,
        sentiment.csat,
        cast(sentiment.csat_respondents as bigint) as csat_respondents,
        answers.last_answer_on,
        cast(
            case
                when (select min(known.held_on) from touchpoints as known) is not null
                    then coalesce(care.touchpoints, 0)
            end as bigint
        ) as touchpoints,
        care.last_review_on,
        care.last_executive_review_on,
        {{ as_of_date() }} as as_of_date
    from accounts
    left outer join account_months
        on accounts.account_id = account_months.account_id
    left outer join usage
        on accounts.account_id = usage.account_id
    left outer join features
        on accounts.account_id = features.account_id
    left outer join support
        on accounts.account_id = support.account_id
    left outer join sentiment
        on accounts.account_id = sentiment.account_id
    left outer join answers
        on accounts.account_id = answers.account_id
    left outer join care
        on accounts.account_id = care.account_id
)

select * from final
