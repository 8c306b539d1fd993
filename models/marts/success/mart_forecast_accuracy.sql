-- Grain: one row per way to forecast renewals, over the same past forecasts, all out of time.
with forecasts as (
    select
        atr,
        expected,
        expected_without_health,
        renewed_atr,
        is_in_interval
    from {{ ref('mart_renewal_forecast') }}
    where
        renewed_atr is not null
        and expected is not null
),

methods as (
    select
        'by health and segment' as method,
        expected as forecast,
        renewed_atr,
        is_in_interval
    from forecasts
    union all
    select
        'by the rate of all' as method,
        expected_without_health as forecast,
        renewed_atr,
        null as is_in_interval
    from forecasts
    union all
    select
        'all renew' as method,
        atr as forecast,
        renewed_atr,
        null as is_in_interval
    from forecasts
),

final as (
    select
        cast(method as varchar) as method,
        cast(count(*) as bigint) as forecasts,
        cast(sum(forecast) as decimal(18, 2)) as forecast,
        cast(sum(renewed_atr) as decimal(18, 2)) as renewed_atr,
        cast(sum(abs(renewed_atr - forecast)) / nullif(sum(renewed_atr), 0) as double)
            as absolute_error_rate,
        cast(sum(forecast - renewed_atr) / nullif(sum(renewed_atr), 0) as double) as bias,
        cast(count(is_in_interval) as bigint) as intervals,
        cast(count_if(is_in_interval) / nullif(count(is_in_interval), 0) as double)
            as interval_coverage,
        {{ as_of_date() }} as as_of_date
    from methods
    group by method
)

select * from final
