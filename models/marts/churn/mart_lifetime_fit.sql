-- Grain: one row per segment_type and segment_value.
-- Shifted beta-geometric model of yearly retention (Fader & Hardie 2007): alpha and beta say how
-- unlike each other customers are in their yearly chance to leave. Null where too few left.
with leavers as (
    select
        segment_type,
        segment_value,
        is_churned,
        accounts,
        years_observed
    from {{ ref('fct_lifetime_leavers') }}
),

fits as (
    select
        segment_type,
        segment_value,
        alpha,
        beta,
        mean_churn,
        mean_churn_low,
        mean_churn_high,
        polarisation,
        log_likelihood,
        is_identified
    from {{ ref('fct_lifetime_fit') }}
    where years_kept = 0
),

segments as (
    select
        segment_type,
        segment_value,
        sum(accounts) as accounts,
        sum(case when is_churned then accounts else 0 end) as churned,
        max(years_observed) as years_observed
    from leavers
    group by
        segment_type,
        segment_value
),

final as (
    select
        segments.segment_type,
        segments.segment_value,
        cast(segments.accounts as bigint) as accounts,
        cast(segments.churned as bigint) as churned,
        cast(segments.years_observed as integer) as years_observed,
        fits.alpha,
        fits.beta,
        fits.mean_churn,
        fits.mean_churn_low,
        fits.mean_churn_high,
        fits.polarisation,
        fits.is_identified,
        fits.log_likelihood,
        '{{ metric_policy() }}' as metric_policy
    from segments
    left outer join fits
        on
            segments.segment_type = fits.segment_type
            and segments.segment_value = fits.segment_value
)

select * from final
