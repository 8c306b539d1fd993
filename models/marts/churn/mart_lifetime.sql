-- Grain: one row per segment_type and segment_value.
-- What the customers of today will still bring (discounted expected residual lifetime, Fader &
-- Hardie 2010): the sum of its accounts, so that cuts add up to the total. Beside it what a new
-- customer of the cut is worth by the cut's own fit. Null where no model could be fitted.
{% set margin = var('lifetime_margin') %}
{% set amounts = [
    'residual_lifetime_value', 'residual_lifetime_value_low', 'residual_lifetime_value_high',
] %}

with fits as (
    select
        segment_type,
        segment_value,
        accounts,
        churned,
        years_observed,
        alpha,
        beta,
        mean_churn,
        is_identified
    from {{ ref('mart_lifetime_fit') }}
),

new_customers as (
    select
        segment_type,
        segment_value,
        residual_payments,
        residual_payments_low,
        residual_payments_high
    from {{ ref('fct_lifetime_fit') }}
    where years_kept = 0
),

account_values as (
    select
        arr,
        is_identified,
        {{ amounts | join(',\n        ') }},
        {{ segment_columns().values() | join(',\n        ') }}
    from {{ ref('fct_account_lifetime_value') }}
),

valued as (
    select
        {{ segment_keys() }},
        count(*) as active_accounts,
        sum(arr) as active_arr,
        sum(case when is_identified then arr else 0 end) as identified_arr,
        {{ each_column(amounts, 'sum(@) as @') }}
    from account_values
    group by {{ segment_grouping_sets([]) }}
),

final as (
    select
        fits.segment_type,
        fits.segment_value,
        fits.accounts,
        fits.churned,
        fits.years_observed,
        fits.alpha,
        fits.beta,
        fits.mean_churn,
        fits.is_identified,
        {{ sbg_retention('fits.alpha', 'fits.beta', 1) }} as retention_year_1,
        {{ sbg_retention('fits.alpha', 'fits.beta', 5) }} as retention_year_5,
        new_customers.residual_payments as derl_new,
        new_customers.residual_payments_low as derl_new_low,
        new_customers.residual_payments_high as derl_new_high,
        cast(coalesce(valued.active_accounts, 0) as bigint) as active_accounts,
        cast(coalesce(valued.active_arr, 0) as decimal(18, 2)) as active_arr,
        cast(coalesce(valued.identified_arr, 0) as decimal(18, 2)) as identified_arr,
        cast(valued.residual_lifetime_value as double) / cast(valued.active_arr as double)
            as derl_active,
        {{ each_column(amounts, 'cast(valued.@ as decimal(18, 2)) as @') }},
        cast(valued.residual_lifetime_value * {{ margin }} as decimal(18, 2))
            as residual_lifetime_margin,
        cast({{ margin }} as double) as margin,
        cast({{ var('lifetime_discount_rate') }} as double) as discount_rate,
        '{{ metric_policy() }}' as metric_policy
    from fits
    left outer join valued
        on
            fits.segment_type = valued.segment_type
            and fits.segment_value = valued.segment_value
    left outer join new_customers
        on
            fits.segment_type = new_customers.segment_type
            and fits.segment_value = new_customers.segment_value
)

select * from final
