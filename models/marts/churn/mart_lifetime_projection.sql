-- Grain: one row per segment_type, segment_value and year_number.
-- Survival as observed (Kaplan-Meier at the anniversary) beside the shifted beta-geometric
-- model's, ten years on. Only segments with a fit.
with fits as (
    select
        segment_type,
        segment_value,
        alpha,
        beta
    from {{ ref('mart_lifetime_fit') }}
    where alpha is not null
),

observed as (
    select
        segment_type,
        segment_value,
        age_months,
        survival
    from {{ ref('mart_survival') }}
),

years as (
    select
        segment_type,
        segment_value,
        alpha,
        beta,
        {{ integer_series(1, 10) }} as year_number
    from fits
),

final as (
    select
        years.segment_type,
        years.segment_value,
        years.year_number,
        observed.survival as observed_survival,
        exp(sum(ln({{ sbg_retention('years.alpha', 'years.beta', 'years.year_number') }})) over (
            partition by years.segment_type, years.segment_value
            order by years.year_number
        )) as projected_survival,
        {{ sbg_retention('years.alpha', 'years.beta', 'years.year_number') }}
            as projected_retention,
        '{{ metric_policy() }}' as metric_policy
    from years
    left outer join observed
        on
            years.segment_type = observed.segment_type
            and years.segment_value = observed.segment_value
            and years.year_number * 12 = observed.age_months
)

select * from final
