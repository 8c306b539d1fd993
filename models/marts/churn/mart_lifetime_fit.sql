-- Grain: one row per segment_type and segment_value.
-- Shifted beta-geometric model of yearly retention (Fader & Hardie 2007), fitted by maximum
-- likelihood: alpha and beta say how unlike each other customers are in their yearly chance to
-- leave. The search zooms in on the best of a grid of (mean chance, polarisation), both between
-- 0 and 1; it needs no more than SQL.
{% set steps = [0.025, 0.0025, 0.00025, 0.000025] %}
{% set best = 'fit_' ~ steps | length %}
{% set least_churned = var('lifetime_least_churned', 10) %}

-- Only whole years since the start count, for those who left as for those who stayed: to count
-- the leavers of a year that is not over for their cohort would overstate churn.
with lifetimes as (
    select
        duration_months,
        is_churned,
        cast(floor(observable_months / 12.0) as integer) as years_observable,
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

-- Whole years stayed through: who leaves on an anniversary has not renewed.
bounded as (
    select
        *,
        least(
            cast(
                floor((duration_months - case when is_churned then 1 else 0 end) / 12.0)
                as integer
            ),
            years_observable
        ) as years_kept
    from lifetimes
),

leavers as (
    select
        years_kept,
        {{ segment_keys() }},
        count(*) as accounts,
        count_if(is_churned and years_kept < years_observable) as churned,
        max(years_observable) as years_observable
    from bounded
    group by {{ segment_grouping_sets(['years_kept']) }}
),

segments as (
    select
        segment_type,
        segment_value,
        sum(accounts) as accounts,
        sum(churned) as churned,
        max(years_observable) as years_observed
    from leavers
    group by
        segment_type,
        segment_value
),

fittable as (
    select
        segment_type,
        segment_value,
        {{ integer_series(1, 'years_observed') }} as year_number
    from segments
    where
        churned >= {{ least_churned }}
        and years_observed >= 2
),

-- Per year: who left in it, and who is known to have stayed through it.
outcomes as (
    select
        fittable.segment_type,
        fittable.segment_value,
        fittable.year_number,
        sum(
            case when leavers.years_kept + 1 = fittable.year_number then leavers.churned else 0 end
        ) as lost,
        sum(
            case when leavers.years_kept >= fittable.year_number then leavers.accounts else 0 end
        ) as kept
    from fittable
    inner join leavers
        on
            fittable.segment_type = leavers.segment_type
            and fittable.segment_value = leavers.segment_value
    group by
        fittable.segment_type,
        fittable.segment_value,
        fittable.year_number
),

steps as (
    select {{ integer_series(-20, 20) }} as step
),

grid as (
    select
        across.step as mean_step,
        along.step as polarisation_step
    from steps as across
    cross join steps as along
),

fit_0 as (
    select distinct
        segment_type,
        segment_value,
        cast(0.5 as double) as mean_churn,
        cast(0.5 as double) as polarisation,
        cast(null as double) as log_likelihood
    from fittable
),

{% for step in steps -%}
{% set round = loop.index -%}
candidates_{{ round }} as (
    select
        fit_{{ round - 1 }}.segment_type,
        fit_{{ round - 1 }}.segment_value,
        least(
            greatest(fit_{{ round - 1 }}.mean_churn + {{ step }} * grid.mean_step, 0.0005), 0.9995
        ) as mean_churn,
        least(
            greatest(
                fit_{{ round - 1 }}.polarisation + {{ step }} * grid.polarisation_step, 0.0005
            ),
            0.9995
        ) as polarisation
    from fit_{{ round - 1 }}
    cross join grid
),

fit_{{ round }} as (
    select
        candidates_{{ round }}.segment_type,
        candidates_{{ round }}.segment_value,
        candidates_{{ round }}.mean_churn,
        candidates_{{ round }}.polarisation,
        sum({{ sbg_log_likelihood(
            'outcomes.lost', 'outcomes.kept', 'outcomes.year_number',
            'candidates_' ~ round ~ '.mean_churn', 'candidates_' ~ round ~ '.polarisation'
        ) }}) as log_likelihood
    from candidates_{{ round }}
    inner join outcomes
        on
            candidates_{{ round }}.segment_type = outcomes.segment_type
            and candidates_{{ round }}.segment_value = outcomes.segment_value
    group by
        candidates_{{ round }}.segment_type,
        candidates_{{ round }}.segment_value,
        candidates_{{ round }}.mean_churn,
        candidates_{{ round }}.polarisation
    qualify
        row_number() over (
            partition by
                candidates_{{ round }}.segment_type,
                candidates_{{ round }}.segment_value
            order by
                log_likelihood desc,
                candidates_{{ round }}.mean_churn,
                candidates_{{ round }}.polarisation
        ) = 1
),

{% endfor -%}
final as (
    select
        segments.segment_type,
        segments.segment_value,
        cast(segments.accounts as bigint) as accounts,
        cast(segments.churned as bigint) as churned,
        cast(segments.years_observed as integer) as years_observed,
        cast(round(
            {{ best }}.mean_churn * (1 / {{ best }}.polarisation - 1), 4
        ) as double) as alpha,
        cast(round(
            (1 - {{ best }}.mean_churn) * (1 / {{ best }}.polarisation - 1), 4
        ) as double) as beta,
        cast(round({{ best }}.mean_churn, 5) as double) as mean_churn,
        cast(round({{ best }}.log_likelihood, 4) as double) as log_likelihood,
        '{{ metric_policy() }}' as metric_policy
    from segments
    left outer join {{ best }}
        on
            segments.segment_type = {{ best }}.segment_type
            and segments.segment_value = {{ best }}.segment_value
)

select * from final
