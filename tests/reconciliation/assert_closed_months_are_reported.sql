-- Every month that the ledger holds has its rates and its account months as reported: the first
-- close of a warehouse must show, not leave an empty report behind.
{{ config(meta={'dagster': {'ref': {'name': 'fct_retention_as_reported'}}}) }}

with closes as (
    select close_month
    from {{ ref('fct_close') }}
),

reported_rates as (
    select distinct close_month
    from {{ ref('fct_retention_as_reported') }}
),

reported_months as (
    select distinct month as close_month
    from {{ ref('fct_account_month_as_reported') }}
    where is_closed
),

final as (
    select
        closes.close_month,
        reported_rates.close_month is not null as has_rates,
        reported_months.close_month is not null as has_account_months
    from closes
    left outer join reported_rates
        on closes.close_month = reported_rates.close_month
    left outer join reported_months
        on closes.close_month = reported_months.close_month
    where
        reported_rates.close_month is null
        or reported_months.close_month is null
)

select * from final
