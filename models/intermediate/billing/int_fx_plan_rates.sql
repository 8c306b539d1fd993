-- Grain: one row per currency: the plan rate of constant-currency ARR.
-- The rate in force on the plan date: var fx_plan_date, else 1 January of the as-of year. A
-- currency whose rates begin later uses its earliest.
{% set plan_date = "cast('" ~ var('fx_plan_date') ~ "' as date)"
    if var('fx_plan_date')
    else dbt.date_trunc('year', as_of_date()) %}

with rates as (
    select
        currency,
        valid_from,
        rate_to_reporting
    from {{ ref('int_fx_rates') }}
),

final as (
    select
        currency,
        rate_to_reporting as plan_rate
    from rates
    qualify
        row_number() over (
            partition by currency
            order by
                case when valid_from <= {{ plan_date }} then valid_from end desc nulls last,
                valid_from
        ) = 1
)

select * from final
