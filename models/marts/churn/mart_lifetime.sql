-- Grain: one row per segment_type and segment_value.
-- What the customers of today will still bring, by the shifted beta-geometric model: discounted
-- expected residual lifetime (Fader & Hardie 2010) in yearly payments, seen just before the next
-- renewal, times each customer's ARR. Revenue, not margin. Null where no model could be fitted.
-- At a 10 % discount the payments after 200 years are worth nothing: the series stops there.
-- Fractions are added in a fixed order, so that the same customers give the same last digit.
{% set rate = var('lifetime_discount_rate', 0.1) %}

with fits as (
    select
        segment_type,
        segment_value,
        accounts,
        churned,
        years_observed,
        alpha,
        beta,
        mean_churn,
        log_likelihood
    from {{ ref('mart_lifetime_fit') }}
),

lifetimes as (
    select
        cast(floor(duration_months / 12.0) as integer) as years_kept,
        start_arr,
        current_arr,
        current_arr > 0 as is_active,
        segment,
        plan,
        product,
        region,
        country,
        industry,
        size_band,
        csm_id,
        start_year
    from {{ ref('fct_account_lifetime') }}
),

active as (
    select
        years_kept,
        {{ segment_keys() }},
        count_if(is_active) as active_accounts,
        sum(case when is_active then current_arr else 0 end) as active_arr
    from lifetimes
    group by {{ segment_grouping_sets(['years_kept']) }}
),

years as (
    select
        segment_type,
        segment_value,
        alpha,
        beta,
        {{ integer_series(1, 200) }} as year_number
    from fits
    where alpha is not null
),

survival as (
    select
        segment_type,
        segment_value,
        year_number,
        sum(ln({{ sbg_retention('alpha', 'beta', 'year_number') }})) over (
            partition by segment_type, segment_value
            order by year_number
        ) as log_survival
    from years
    union all
    select
        segment_type,
        segment_value,
        0 as year_number,
        0 as log_survival
    from fits
    where alpha is not null
),

-- Expected further payments of a customer that has renewed so many times already.
residuals as (
    select
        now.segment_type,
        now.segment_value,
        now.year_number as years_kept,
        sum(
            exp(
                later.log_survival - now.log_survival
                - (later.year_number - now.year_number - 1) * ln(1 + {{ rate }})
            )
            order by later.year_number
        ) as residual_payments
    from survival as now
    inner join survival as later
        on
            now.segment_type = later.segment_type
            and now.segment_value = later.segment_value
            and now.year_number < later.year_number
    where now.year_number <= 20
    group by
        now.segment_type,
        now.segment_value,
        now.year_number
),

valued as (
    select
        active.segment_type,
        active.segment_value,
        sum(active.active_accounts) as active_accounts,
        sum(active.active_arr) as active_arr,
        sum(active.active_arr * residuals.residual_payments order by active.years_kept)
            as residual_lifetime_value
    from active
    left outer join residuals
        on
            active.segment_type = residuals.segment_type
            and active.segment_value = residuals.segment_value
            and least(active.years_kept, 20) = residuals.years_kept
    group by
        active.segment_type,
        active.segment_value
),

final as (
    select
        fits.segment_type,
        fits.segment_value,
        fits.accounts,
        fits.churned,
        fits.years_observed,
        fits.alpha,
        fits.beta,
        fits.mean_churn,
        fits.log_likelihood,
        {{ sbg_retention('fits.alpha', 'fits.beta', 1) }} as retention_year_1,
        {{ sbg_retention('fits.alpha', 'fits.beta', 5) }} as retention_year_5,
        residuals.residual_payments as derl_new,
        cast(valued.active_accounts as bigint) as active_accounts,
        cast(valued.active_arr as decimal(18, 2)) as active_arr,
        valued.residual_lifetime_value / nullif(cast(valued.active_arr as double), 0)
            as derl_active,
        cast(valued.residual_lifetime_value as decimal(18, 2)) as residual_lifetime_value,
        cast({{ rate }} as double) as discount_rate,
        '{{ metric_policy() }}' as metric_policy
    from fits
    left outer join valued
        on
            fits.segment_type = valued.segment_type
            and fits.segment_value = valued.segment_value
    left outer join residuals
        on
            fits.segment_type = residuals.segment_type
            and fits.segment_value = residuals.segment_value
            and residuals.years_kept = 0
)

select * from final
