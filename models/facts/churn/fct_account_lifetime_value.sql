-- Grain: one row per account with ARR at the close of the last complete month.
-- What it will still pay, by the lifetime model: discounted yearly payments still to come of a
-- customer of its age, seen just before the next renewal, times its ARR. The fit is that of its cut
-- (var lifetime_fit_by) where that one is identified, else the one of all customers; so the values
-- of any cut add up to the total. Null where nothing could be fitted.
{% set own_column = lifetime_fit_column() %}

with lifetimes as (
    select
        account_id,
        least(cast(floor(duration_months / 12.0) as integer), 20) as years_kept,
        current_arr,
        {{ segment_columns().values() | join(',\n        ') }}
    from {{ ref('fct_account_lifetime') }}
    where current_arr > 0
),

fits as (
    select
        segment_type,
        segment_value,
        years_kept,
        is_identified,
        residual_payments,
        residual_payments_low,
        residual_payments_high
    from {{ ref('fct_lifetime_fit') }}
),

own_fits as (
    select *
    from fits
    where
        segment_type = '{{ var("lifetime_fit_by") }}'
        and is_identified
),

pooled_fits as (
    select *
    from fits
    where segment_type = 'total'
),

final as (
    select
        lifetimes.account_id,
        cast(lifetimes.years_kept as bigint) as years_kept,
        cast(lifetimes.current_arr as decimal(18, 2)) as arr,
        coalesce(own_fits.segment_type, pooled_fits.segment_type) as fit_segment_type,
        coalesce(own_fits.segment_value, pooled_fits.segment_value) as fit_segment_value,
        coalesce(own_fits.is_identified, pooled_fits.is_identified) as is_identified,
        {%- for bound in ('', '_low', '_high') %}
        coalesce(
            own_fits.residual_payments{{ bound }}, pooled_fits.residual_payments{{ bound }}
        ) as residual_payments{{ bound }},
        {%- endfor %}
        {%- for bound in ('', '_low', '_high') %}
        cast(
            lifetimes.current_arr * coalesce(
                own_fits.residual_payments{{ bound }}, pooled_fits.residual_payments{{ bound }}
            ) as decimal(18, 2)
        ) as residual_lifetime_value{{ bound }},
        {%- endfor %}
        {{ each_column(segment_columns().values(), 'lifetimes.@') }}
    from lifetimes
    left outer join own_fits
        on
            {{ "coalesce(lifetimes." ~ own_column ~ ", 'unassigned')" if own_column else "'all'" }}
            = own_fits.segment_value
            and lifetimes.years_kept = own_fits.years_kept
    left outer join pooled_fits
        on lifetimes.years_kept = pooled_fits.years_kept
)

select * from final
