-- Grain: one row per day of a forecast: what it said of the terms due in the next 90 days, and what
-- became of them.
-- The interval is that of chance: each term is renewed or not at its probability, and an account
-- decides on all of its terms alike; what belongs to no account is decided by subscription. A
-- probability is never surer than if, of the terms that it was observed in and the prior ones, one
-- more had turned out the other way.
{% set prior = var('renewal_rate_prior_terms') %}
{% set deviations = 1.2816 %}

with terms as (
    select
        forecast_on,
        source_system,
        subscription_id,
        due_on,
        atr,
        is_renewed,
        has_notice,
        probability,
        rate_of_all,
        expected,
        renewed_atr,
        1.0 / (observed_terms + {{ prior }} + 2) as least_probability,
        case
            when account_id = 'unassigned' then source_system || ' ' || subscription_id
            else account_id
        end as decided_by
    from {{ ref('fct_renewal_forecast') }}
    where due_on <= {{ add_days('forecast_on', 90) }}
),

spreads_of_deciders as (
    select
        forecast_on,
        decided_by,
        sum(
            case
                when is_renewed or has_notice then 0
                else atr * sqrt(greatest(
                    probability * (1 - probability), least_probability * (1 - least_probability)
                ))
            end
        ) as spread
    from terms
    group by
        forecast_on,
        decided_by
),

spreads as (
    select
        forecast_on,
        {{ deviations }} * sqrt(sum(spread * spread)) as spread
    from spreads_of_deciders
    group by forecast_on
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

moved as (
    select
        scored.*,
        scored.atr - scored.notice as best_case,
        scored.expected - spreads.spread as moved_down,
        scored.expected + spreads.spread as moved_up
    from scored
    inner join spreads
        on scored.forecast_on = spreads.forecast_on
),

-- What is renewed already is certain, what is under notice is not expected.
bounded as (
    select
        *,
        case when moved_down is not null then greatest(moved_down, signed) end as low,
        case when moved_up is not null then least(moved_up, best_case) end as high
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
