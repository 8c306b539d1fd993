-- Grain: one row per day of a forecast: what it said of the terms due in the next 90 days, and what
-- became of them.
-- The interval is that of the errors of forecasts whose outcome was known that day.
{% set least_weeks = 13 %}

with terms as (
    select
        forecast_on,
        source_system,
        subscription_id,
        due_on,
        atr,
        is_renewed,
        has_notice,
        rate_of_all,
        expected,
        renewed_atr
    from {{ ref('fct_renewal_forecast') }}
    where due_on <= {{ add_days('forecast_on', 90) }}
),

-- What renews by itself and is not at risk is known of today only.
calendar as (
    select
        source_system,
        subscription_id,
        term_end,
        auto_renew,
        is_at_risk
    from {{ ref('mart_renewal_calendar') }}
),

forecasts as (
    select
        terms.forecast_on,
        count(*) as terms,
        sum(terms.atr) as atr,
        sum(case when terms.is_renewed then terms.expected else 0 end) as signed,
        sum(case when terms.has_notice and not terms.is_renewed then terms.atr else 0 end)
            as notice,
        sum(
            case
                when terms.is_renewed then terms.expected
                when calendar.auto_renew and not calendar.is_at_risk then terms.atr
                else 0
            end
        ) as committed,
        sum(case when terms.expected is null then terms.atr else 0 end) as unrated,
        sum(terms.expected) as expected,
        sum(terms.atr * terms.rate_of_all) as expected_without_health,
        count_if(terms.renewed_atr is null) as undecided,
        sum(terms.renewed_atr) as renewed
    from terms
    left outer join calendar
        on
            terms.source_system = calendar.source_system
            and terms.subscription_id = calendar.subscription_id
            and terms.due_on = calendar.term_end
    group by terms.forecast_on
),

scored as (
    select
        forecast_on,
        atr,
        terms,
        signed,
        notice,
        unrated,
        undecided,
        case when unrated = 0 then expected end as expected,
        case when unrated = 0 then expected_without_health end as expected_without_health,
        case when forecast_on = {{ as_of_date() }} then committed end as committed,
        case when undecided = 0 then renewed end as renewed
    from forecasts
),

past_errors as (
    select
        scored.forecast_on,
        quantile_cont((past.renewed - past.expected) / past.atr, 0.1) as low_error,
        quantile_cont((past.renewed - past.expected) / past.atr, 0.9) as high_error
    from scored
    inner join scored as past
        on
            {{ add_days('past.forecast_on', 90 + var('late_renewal_days')) }} < scored.forecast_on
            and past.renewed is not null
            and past.expected is not null
    group by scored.forecast_on
    having count(*) >= {{ least_weeks }}
),

moved as (
    select
        scored.*,
        scored.atr - scored.notice as best_case,
        scored.expected + past_errors.low_error * scored.atr as moved_down,
        scored.expected + past_errors.high_error * scored.atr as moved_up
    from scored
    left outer join past_errors
        on scored.forecast_on = past_errors.forecast_on
),

-- What is renewed already is certain, what is under notice is not expected.
bounded as (
    select
        *,
        case
            when moved_down is not null then least(greatest(moved_down, signed), best_case)
        end as low,
        case when moved_up is not null then least(greatest(moved_up, signed), best_case) end as high
    from moved
),

final as (
    select
        forecast_on,
        cast(terms as bigint) as terms,
        cast(atr as decimal(18, 2)) as atr,
        cast(committed as decimal(18, 2)) as committed,
        cast(expected as decimal(18, 2)) as expected,
        cast(low as decimal(18, 2)) as expected_low,
        cast(high as decimal(18, 2)) as expected_high,
        cast(best_case as decimal(18, 2)) as best_case,
        cast(expected_without_health as decimal(18, 2)) as expected_without_health,
        cast(unrated as decimal(18, 2)) as unrated_atr,
        cast(undecided as bigint) as undecided_terms,
        cast(renewed as decimal(18, 2)) as renewed_atr,
        cast(renewed - expected as decimal(18, 2)) as error,
        (cast(renewed as double) between low and high) as is_in_interval,
        {{ as_of_date() }} as as_of_date,
        '{{ metric_policy() }}' as metric_policy
    from bounded
)

select * from final
