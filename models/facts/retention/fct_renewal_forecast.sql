-- Grain: one row per day of a forecast, subscription and end of a term ahead of it: of the next 90
-- days, and of the next year on the as-of date.
-- What was known that day: the ARR, the segment, the health, notice given and early renewals.
-- Beside it, what became of the term, once that is final.
with rates as (
    select
        forecast_on,
        segment,
        band_90d_before,
        terms,
        renewal_rate,
        rate_of_all
    from {{ ref('fct_renewal_rate') }}
),

forecast_days as (
    select distinct
        forecast_on,
        {{ add_days(
            'forecast_on', "case when forecast_on = " ~ as_of_date() ~ " then 365 else 90 end"
        ) }} as last_due_on
    from rates
),

renewals as (
    select
        source_system,
        subscription_id,
        account_id,
        term_start,
        due_on,
        renewed_on,
        renewed_arr,
        cancel_requested_at,
        is_final
    from {{ ref('fct_renewal') }}
),

intervals as (
    select
        source_system,
        subscription_id,
        valid_from,
        valid_to,
        contract_arr
    from {{ ref('int_arr_line_intervals') }}
    where valid_from <= {{ as_of_date() }}
),

account_months as (
    select
        account_id,
        month,
        segment
    from {{ ref('fct_account_month') }}
),

health_days as (
    select
        account_id,
        date_day,
        band
    from {{ ref('fct_account_health_day') }}
),

ahead as (
    select
        forecast_days.forecast_on,
        renewals.source_system,
        renewals.subscription_id,
        renewals.account_id,
        renewals.term_start,
        renewals.due_on,
        renewals.is_final,
        renewals.renewed_arr,
        coalesce(renewals.renewed_on <= forecast_days.forecast_on, false) as is_renewed,
        coalesce(
            cast(renewals.cancel_requested_at as date) <= forecast_days.forecast_on, false
        ) as has_notice,
        sum(intervals.contract_arr) as atr
    from forecast_days
    inner join renewals
        on
            forecast_days.forecast_on >= renewals.term_start
            and forecast_days.forecast_on < renewals.due_on
            and forecast_days.last_due_on >= renewals.due_on
    inner join intervals
        on
            renewals.source_system = intervals.source_system
            and renewals.subscription_id = intervals.subscription_id
            and forecast_days.forecast_on >= intervals.valid_from
            and (intervals.valid_to is null or forecast_days.forecast_on < intervals.valid_to)
    group by
        forecast_days.forecast_on,
        renewals.source_system,
        renewals.subscription_id,
        renewals.account_id,
        renewals.term_start,
        renewals.due_on,
        renewals.is_final,
        renewals.renewed_arr,
        renewals.renewed_on,
        renewals.cancel_requested_at
    having sum(intervals.contract_arr) > 0
),

judged as (
    select
        ahead.*,
        account_months.segment,
        coalesce(health_days.band, 'unknown') as band
    from ahead
    left outer join account_months
        on
            ahead.account_id = account_months.account_id
            and account_months.month
            = cast({{ dbt.date_trunc('month', 'ahead.forecast_on') }} as date)
    left outer join health_days
        on
            ahead.account_id = health_days.account_id
            and health_days.date_day
            = least(ahead.forecast_on, {{ add_days('ahead.due_on', -90) }})
),

rated as (
    select
        judged.*,
        rates.terms as observed_terms,
        rates.rate_of_all,
        case
            when judged.is_renewed then 1
            when judged.has_notice then 0
            else rates.renewal_rate
        end as probability
    from judged
    left outer join rates
        on
            judged.forecast_on = rates.forecast_on
            and coalesce(judged.segment, 'unassigned') = rates.segment
            and judged.band = rates.band_90d_before
),

final as (
    select
        forecast_on,
        source_system,
        subscription_id,
        account_id,
        term_start,
        due_on,
        segment,
        band as band_90d_before,
        cast(atr as decimal(18, 2)) as atr,
        is_renewed,
        has_notice,
        cast(probability as double) as probability,
        coalesce(observed_terms, 0) as observed_terms,
        rate_of_all,
        cast(
            case when is_renewed then least(renewed_arr, atr) else probability * atr end
            as decimal(18, 2)
        ) as expected,
        cast(case when is_final then least(renewed_arr, atr) end as decimal(18, 2)) as renewed_atr
    from rated
)

select * from final
