-- Grain: one row per segment_type, segment_value, years_kept and is_churned.
-- Customers by the whole years they have stayed through since their start, and whether they left in
-- the year after. Only whole years count, for those who left as for those who stayed: to count the
-- leavers of a year that is not over for their cohort would overstate churn.
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

-- Who leaves on an anniversary has not renewed.
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

outcomes as (
    select
        *,
        is_churned and years_kept < years_observable as has_left
    from bounded
),

final as (
    select
        years_kept,
        {{ segment_keys() }},
        has_left as is_churned,
        count(*) as accounts,
        max(years_observable) as years_observed
    from outcomes
    group by {{ segment_grouping_sets(['years_kept', 'has_left']) }}
)

select * from final
