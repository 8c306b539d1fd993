-- Grain: one row per currency and day from which a rate to the reporting currency holds.
-- A company's own rates win over the seed, currency by currency. For days before the first rate,
-- applies_from says that it counts for them too.
with seed_rates as (
    select
        currency,
        valid_from,
        rate_to_reporting
    from {{ ref('int_fx_seed_rates') }}
),

{% if source_is_on_anywhere('files') -%}
own_rates as (
    select
        currency,
        valid_from,
        rate_to_reporting
    from {{ ref('stg_files__fx_rates') }}
),

{% else -%}
own_rates as (
    select *
    from seed_rates
    where false
),

{% endif -%}
rates as (
    select
        currency,
        valid_from,
        rate_to_reporting
    from own_rates
    union all
    select
        seed_rates.currency,
        seed_rates.valid_from,
        seed_rates.rate_to_reporting
    from seed_rates
    where seed_rates.currency not in (select own_rates.currency from own_rates)
),

final as (
    select
        currency,
        valid_from,
        case
            when valid_from = min(valid_from) over (partition by currency)
                then cast('1900-01-01' as date)
            else valid_from
        end as applies_from,
        lead(valid_from) over (partition by currency order by valid_from) as valid_to,
        cast(rate_to_reporting as decimal(18, 8)) as rate_to_reporting
    from rates
    where currency <> '{{ var("reporting_currency") }}'
    union all
    select
        '{{ var("reporting_currency") }}' as currency,
        cast('1900-01-01' as date) as valid_from,
        cast('1900-01-01' as date) as applies_from,
        cast(null as date) as valid_to,
        cast(1 as decimal(18, 8)) as rate_to_reporting
)

select * from final
