-- Grain: one row per currency and day from which a rate of the seed to the reporting one holds.
-- Rates of the seed that lead to another currency than this company reports in are divided by that
-- of its own: yen per euro from yen and euro in dollars.
with seed_rates as (
    select
        upper(currency) as currency,
        upper(reporting_currency) as target,
        valid_from,
        coalesce(
            lead(valid_from) over (
                partition by currency, reporting_currency order by valid_from
            ),
            cast('9999-12-31' as date)
        ) as valid_to,
        rate_to_reporting
    from {{ ref('fx_rates') }}
),

direct as (
    select
        currency,
        valid_from,
        rate_to_reporting
    from seed_rates
    where target = '{{ var("reporting_currency") }}'
),

crossed as (
    select
        rates.currency,
        greatest(rates.valid_from, reporting.valid_from) as valid_from,
        cast(
            cast(rates.rate_to_reporting as double) / cast(reporting.rate_to_reporting as double)
            as decimal(18, 8)
        ) as rate_to_reporting
    from seed_rates as rates
    inner join seed_rates as reporting
        on
            rates.target = reporting.target
            and reporting.currency = '{{ var("reporting_currency") }}'
            and rates.valid_from < reporting.valid_to
            and rates.valid_to > reporting.valid_from
    where
        rates.target <> '{{ var("reporting_currency") }}'
        and rates.currency not in (select direct.currency from direct)
),

final as (
    select *
    from direct
    union all
    select *
    from crossed
)

select * from final
