-- Grain: one row per day of a forecast, segment and health band 90 days before a term was due.
-- What became of terms that could no longer turn out otherwise that day: those of the
-- late_renewal_days before are left out altogether, since what was renewed of them was known and
-- what was lost was not. A rate of few terms leans on the rate of its segment, and that on the rate
-- of all, as if renewal_rate_prior_terms average terms had been seen there.
{% set months = var('renewal_rate_months') %}
{% set weeks = var('renewal_forecast_weeks') %}
{% set prior = var('renewal_rate_prior_terms') %}
{% set bands = ['green', 'yellow', 'red', 'unknown'] %}

with forecast_days as (
    select date_day as forecast_on
    from {{ ref('dim_date') }}
    where
        date_day = {{ as_of_date() }}
        or (
            day_of_week = 7
            and date_day < {{ as_of_date() }}
            and date_day > {{ add_days(as_of_date(), -7 * weeks) }}
        )
),

segments as (
    select distinct coalesce(segment, 'unassigned') as segment
    from {{ ref('fct_account_month') }}
),

bands as (
    {%- for band in bands %}
    select '{{ band }}' as band
    {%- if not loop.last %} union all{% endif %}
    {%- endfor %}
),

renewals as (
    select
        account_id,
        coalesce(segment, 'unassigned') as segment,
        due_on,
        atr,
        renewed_atr
    from {{ ref('fct_renewal') }}
    where outcome <> 'pending'
),

health_days as (
    select
        account_id,
        date_day,
        band
    from {{ ref('fct_account_health_day') }}
),

decided as (
    select
        renewals.*,
        coalesce(health_days.band, 'unknown') as band
    from renewals
    left outer join health_days
        on
            renewals.account_id = health_days.account_id
            and {{ add_days('renewals.due_on', -90) }} = health_days.date_day
),

seen as (
    select
        forecast_days.forecast_on,
        decided.segment,
        decided.band,
        count(*) as terms,
        sum(decided.atr) as atr,
        sum(decided.renewed_atr) as renewed_atr
    from forecast_days
    inner join decided
        on
            decided.due_on
            > cast({{ dbt.dateadd('month', -months, 'forecast_days.forecast_on') }} as date)
            and {{ add_days('decided.due_on', var('late_renewal_days')) }}
            < forecast_days.forecast_on
    group by
        forecast_days.forecast_on,
        decided.segment,
        decided.band
),

cells as (
    select
        forecast_days.forecast_on,
        segments.segment,
        bands.band
    from forecast_days
    cross join segments
    cross join bands
),

observed as (
    select
        cells.*,
        coalesce(seen.terms, 0) as terms,
        coalesce(seen.atr, 0) as atr,
        coalesce(seen.renewed_atr, 0) as renewed_atr
    from cells
    left outer join seen
        on
            cells.forecast_on = seen.forecast_on
            and cells.segment = seen.segment
            and cells.band = seen.band
),

wider as (
    select
        *,
        sum(atr) over (partition by forecast_on, segment) as segment_atr,
        sum(renewed_atr) over (partition by forecast_on, segment) as segment_renewed_atr,
        sum(terms) over (partition by forecast_on) as all_terms,
        sum(atr) over (partition by forecast_on) as all_atr,
        sum(renewed_atr) over (partition by forecast_on) as all_renewed_atr
    from observed
),

of_all as (
    select
        *,
        case
            when all_terms >= {{ var('renewal_rate_least_terms') }}
                then cast(all_renewed_atr / all_atr as double)
        end as rate_of_all,
        cast({{ prior }} * all_atr / all_terms as double) as prior_atr
    from wider
),

of_segment as (
    select
        *,
        (segment_renewed_atr + prior_atr * rate_of_all) / (segment_atr + prior_atr)
            as rate_of_segment
    from of_all
),

final as (
    select
        cast(forecast_on as date) as forecast_on,
        cast(segment as varchar) as segment,
        cast(band as varchar) as band_90d_before,
        cast(terms as bigint) as terms,
        cast(atr as decimal(18, 2)) as atr,
        cast(renewed_atr as decimal(18, 2)) as renewed_atr,
        cast((renewed_atr + prior_atr * rate_of_segment) / (atr + prior_atr) as double)
            as renewal_rate,
        rate_of_all
    from of_segment
)

select * from final
