-- Grain: one row per recurring invoice line: the ARR it bills for.
-- implied_arr is what the line would be as ARR: the amount of a whole billing period times the
-- periods of a year, whatever the days of this one period are. It can be compared with the ledger
-- to the cent, but for slack: the smallest coin per period, and for a proration, which is counted
-- in seconds where ARR is counted in days, the price of one day.
with lines as (
    select
        service_lines.source_system,
        service_lines.invoice_id,
        service_lines.invoice_line_id,
        contracts.contract_id,
        service_lines.is_proration,
        service_lines.is_billed,
        service_lines.invoice_status,
        service_lines.currency,
        service_lines.plan_rate,
        service_lines.amount_reporting,
        service_lines.earned_from,
        service_lines.earned_to,
        service_lines.issued_on,
        service_lines.amount,
        service_lines.discount_amount,
        service_lines.once_discount_amount,
        service_lines.quantity,
        service_lines.full_interval_amount,
        {{ intervals_per_year('service_lines.billing_interval') }}
        / cast(service_lines.interval_count as double) as price_periods_per_year,
        {{ interval_days_before(
            'service_lines.earned_to', 'service_lines.billing_interval',
            'service_lines.interval_count'
        ) }} as price_days,
        service_lines.periods_per_year as length_per_year,
        service_lines.line_days
    from {{ ref('int_finance_service_lines') }} as service_lines
    inner join {{ ref('int_tie_out_contracts') }} as contracts
        on
            service_lines.source_system = contracts.source_system
            and service_lines.subscription_id is not distinct from contracts.subscription_id
            and service_lines.contract_account_id = contracts.contract_account_id
    where
        service_lines.line_kind = 'recurring'
        and (service_lines.is_billed or service_lines.invoice_status = 'void')
),

line_rates as (
    select
        source_system,
        invoice_line_id,
        day_rate,
        same_number_rate
    from {{ ref('int_tie_out_line_rates') }}
),

-- A line in another currency is compared at the rates of its day.
keyed as (
    select
        lines.*,
        line_rates.day_rate is not null as is_other_currency,
        coalesce(line_rates.day_rate, lines.plan_rate) as rate,
        coalesce(line_rates.same_number_rate, lines.plan_rate) as same_number_rate
    from lines
    left outer join line_rates
        on
            lines.source_system = line_rates.source_system
            and lines.invoice_line_id = line_rates.invoice_line_id
),

-- The whole periods of a contract. A proration bills a part of one of them: of the shortest around
-- its days that had a price, as a trial has none; a credit of one that had begun before it, and
-- without any around it of an interval of its price that ends with it. The shortest around a whole
-- line is its own.
whole_periods as (
    select distinct
        source_system,
        contract_id,
        earned_from,
        earned_to,
        line_days,
        coalesce(price_periods_per_year, length_per_year) as periods_per_year,
        amount + discount_amount <> 0 as has_price
    from keyed
    where not is_proration
),

measured as (
    select
        keyed.*,
        coalesce(
            keyed.price_periods_per_year,
            whole_periods.periods_per_year,
            cast(365 as double) / keyed.line_days
        ) as periods_per_year,
        whole_periods.line_days as period_days
    from keyed
    left outer join whole_periods
        on
            keyed.source_system = whole_periods.source_system
            and keyed.contract_id = whole_periods.contract_id
            and keyed.earned_from >= whole_periods.earned_from
            and keyed.earned_to <= whole_periods.earned_to
            and (whole_periods.has_price or not keyed.is_proration)
    qualify
        row_number() over (
            partition by keyed.source_system, keyed.invoice_line_id
            order by
                keyed.is_proration
                and keyed.amount < 0
                and whole_periods.earned_from < keyed.earned_from desc,
                whole_periods.line_days asc,
                whole_periods.periods_per_year asc
        ) = 1
),

scaled as (
    select
        *,
        -- A coupon that was meant for one invoice may have lowered prorations too.
        max(
            case
                when once_discount_amount > 0
                    then
                        cast(once_discount_amount as double)
                        / cast(amount + discount_amount as double)
                else 0
            end
        ) over (partition by source_system, contract_id) as once_share,
        -- Parts of a whole period that were billed by the day.
        coalesce(period_days, price_days, 365 / periods_per_year)
        / line_days * periods_per_year as per_year,
        -- A contract of nothing but credits has periods too.
        max(amount) over (partition by source_system, contract_id) > 0 as has_charges,
        -- An amount of the period times to_arr is an amount per year in the reporting currency.
        rate * per_year as to_arr,
        full_interval_amount * periods_per_year * rate as full_arr
    from measured
),

final as (
    select
        source_system,
        invoice_id,
        invoice_line_id,
        contract_id,
        is_proration,
        -- What begins a billing period: a credit within one does not.
        not is_proration and (amount >= 0 or not has_charges) as is_whole_period,
        is_billed,
        coalesce(invoice_status = 'uncollectible', false) as is_written_off,
        is_other_currency,
        earned_from,
        earned_to,
        issued_on >= earned_to as is_in_arrears,
        full_interval_amount is not null as is_itemised,
        cast(amount_reporting * cast(365 as double) / line_days as decimal(28, 8)) as billed_arr,
        cast(amount * to_arr as decimal(28, 8)) as implied_arr,
        -- Before discounts. The discount of a proration is hidden in its amount.
        cast(
            case
                when is_proration and full_arr is not null then sign(amount) * full_arr
                else (amount + discount_amount) * to_arr
            end as decimal(28, 8)
        ) as gross_implied_arr,
        cast(once_discount_amount * to_arr as decimal(28, 8)) as once_discount_arr,
        cast(
            case when is_proration and full_arr is not null then full_arr * once_share else 0 end
            as decimal(28, 8)
        ) as once_proration_arr,
        cast(amount * to_arr / line_days as decimal(28, 8)) as one_day_arr,
        -- A whole period that is longer or shorter than the interval of its price.
        cast(
            case
                when
                    not is_proration
                    and abs(line_days - 365 / price_periods_per_year) > 3
                    then amount * (plan_rate * (per_year - cast(365 as double) / line_days))
                else 0
            end as decimal(28, 8)
        ) as odd_period_arr,
        -- Of very large amounts the last digits are not exact.
        cast(
            coalesce({{ minor_unit('currency') }}, 0.01) * to_arr
            + abs(amount) * to_arr / 1e12
            + case
                when is_proration then coalesce(full_arr, abs(amount) * to_arr) / line_days
                else 0
            end as decimal(28, 8)
        ) as slack_arr,
        cast(amount * (plan_rate * per_year - to_arr) as decimal(28, 8)) as fx_arr,
        cast(amount * (same_number_rate * per_year) as decimal(28, 8)) as same_number_arr,
        cast(
            case when not is_proration and amount < 0 then -amount * to_arr else 0 end
            as decimal(28, 8)
        ) as negative_arr,
        cast(case when is_proration then 0 else coalesce(quantity, 0) end as decimal(28, 8))
            as billed_units
    from scaled
)

select * from final
