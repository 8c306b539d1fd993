-- Grain: one row per contract and run of days of a month: why bill and ARR differ on these days.
-- The components add up to billed less expected, exactly. What differs is split in this order:
-- the calendar (a billing period is not a twelfth of 365 days), discounts, price and quantity.
-- What no rule explains stays in unexplained: it is never a remainder of rounding.
with levels as (
    select
        *,
        implied_arr - arr as net_gap,
        gross_implied_arr - gross_arr as gross_gap
    from {{ ref('int_tie_out_levels') }}
),

-- A billing period begins where a whole period of an invoice does. Within it a change of the
-- contract that the bill follows only in the next period is timing; a bill that was wrong from
-- its first day, or that changed by another amount than the contract did, is not.
stepped as (
    select
        *,
        case
            when
                lag(gross_implied_arr) over billing_periods = gross_implied_arr
                then gross_gap - lag(gross_gap) over billing_periods
            else 0
        end as contract_step,
        first_value(arr) over billing_periods as arr_at_period_start,
        max(paused_lines) over whole_period > 0 as has_pause_in_period,
        max(abs(gross_arr - arr) + discount_arr) over whole_period > 0 as has_discount_in_period
    from levels
    window
        billing_periods as (
            partition by source_system, contract_id, billing_period
            order by valid_from
        ),
        whole_period as (partition by source_system, contract_id, billing_period)
),

gaps as (
    select
        *,
        sum(contract_step) over (
            partition by source_system, contract_id, billing_period
            order by valid_from
            rows between unbounded preceding and current row
        ) as contract_gap,
        abs(net_gap) <= slack_arr as is_in_slack,
        arr = 0 and billed_arr <> 0 as is_without_arr,
        arr <> 0 and invoice_lines = 0 as is_without_bill
    from stepped
),

-- Days with ARR and a bill: gross gap (price, quantity) and discount gap.
split as (
    select
        *,
        not is_in_slack and not is_without_arr and not is_without_bill as is_compared,
        net_gap - gross_gap as discount_gap,
        -- Whole periods say their discount, prorations hide it: as much as the coupon's share.
        -once_discount_arr
        + greatest(
            least(net_gap - gross_gap + once_discount_arr, 0), -once_proration_arr
        ) as once_gap,
        greatest(refunded_arr, 0) + greatest(written_off_arr, 0) as given_back_arr
    from gaps
),

levels_by_reason as (
    select
        *,
        case
            when is_without_arr or is_without_bill then 0
            else billed_arr - implied_arr + odd_period_arr
        end as calendar_level,

        -- No ARR, and a bill: given back, given up, a pause, or a term that runs on.
        case
            when is_without_arr
                then least(billed_arr, given_back_arr)
            when is_without_bill and void_arr > 0 and not has_pause_in_period then -arr
            when is_compared then once_gap
            else 0
        end as credit_level,
        case
            when is_without_arr and paused_lines > 0
                then billed_arr - least(billed_arr, given_back_arr)
            when is_without_bill and (paused_lines > 0 or (void_arr > 0 and has_pause_in_period))
                then -arr
            when is_compared and paused_lines > 0 then gross_gap
            else 0
        end
        -- One interval was charged for a period that is longer than it.
        - case
            when is_without_arr or is_without_bill then 0
            else greatest(odd_period_arr, 0)
        end as free_period_level,

        -- ARR, and a bill that does not call it recurring.
        case
            when is_without_bill and void_arr = 0 and paused_lines = 0
                then -least(arr, greatest(usage_arr, 0))
            else 0
        end as usage_level,
        case
            when is_without_bill and void_arr = 0 and paused_lines = 0
                then -least(arr - least(arr, greatest(usage_arr, 0)), greatest(one_time_arr, 0))
            else 0
        end as one_time_level,
        case
            when is_compared and paused_lines = 0 and other_currency_lines > 0
                then gross_gap - contract_gap
            else 0
        end as fx_level,

        -- The bill follows later, or runs on until the end of what was paid.
        case
            when is_in_slack and not is_without_arr and not is_without_bill then net_gap
            -- The contract ended within the billed period; or a refund, which is counted in
            -- seconds, left less than a day.
            when
                is_without_arr
                and paused_lines = 0
                and (
                    arr_at_period_start > 0
                    or (refunded_arr > 0 and billed_arr - given_back_arr <= one_day_arr)
                )
                then billed_arr - least(billed_arr, given_back_arr)
            when is_without_bill and is_not_billed_yet then -arr
            when is_compared
                then
                    case when paused_lines > 0 then 0 else contract_gap end
                    + case
                        when
                            paused_lines = 0
                            and other_currency_lines = 0
                            and abs(gross_gap - contract_gap) <= slack_arr
                            then gross_gap - contract_gap
                        else 0
                    end
                    + case
                        when
                            has_discount_in_period
                            or abs(discount_gap - once_gap) <= slack_arr
                            then discount_gap - once_gap
                        else 0
                    end
            else 0
        end as term_level
    from split
),

measured as (
    select
        source_system,
        contract_id,
        account_id,
        month,
        valid_from,
        valid_to,
        run_days,
        arr,
        billed_arr,
        implied_arr,
        cast(arr * run_days as decimal(28, 8)) as arr_days,
        cast(billed_arr * cast(run_days as double) / 365 as decimal(28, 8)) as billed,
        cast(arr * cast(run_days as double) / 365 as decimal(28, 8)) as expected,
        {% for reason in [
            'calendar', 'term', 'credit', 'one_time', 'usage', 'fx', 'free_period',
        ] -%}
        cast({{ reason }}_level * cast(run_days as double) / 365 as decimal(28, 8))
            as {{ reason }},
        {% endfor -%}
        is_in_slack,
        is_without_arr,
        is_without_bill,
        other_currency_lines
    from levels_by_reason
),

remainders as (
    select
        *,
        billed - expected - calendar - term - credit - one_time - usage - fx - free_period
            as remainder
    from measured
),

final as (
    select
        source_system,
        contract_id,
        account_id,
        month,
        valid_from,
        valid_to,
        run_days,
        arr,
        billed_arr,
        implied_arr,
        arr_days,
        billed,
        expected,
        -- Eight decimals per day: what is left below a thousandth of a cent is rounding.
        case
            when abs(remainder) < 0.00001 then calendar + remainder
            else calendar
        end as timing_calendar,
        term as timing_term,
        credit,
        one_time,
        usage,
        fx,
        free_period,
        case
            when abs(remainder) >= 0.00001 and account_id = 'unassigned' then remainder
            else 0
        end as unmatched_customer,
        case
            when abs(remainder) >= 0.00001 and account_id <> 'unassigned' then remainder
            else 0
        end as unexplained
    from remainders
)

select * from final
