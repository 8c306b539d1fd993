-- Grain: one row per contract and run of days of a month: why bill and ARR differ on these days.
-- The components add up to billed less expected, exactly, split in this order: the calendar (a
-- billing period is no twelfth of a year), discounts, price and quantity; the rest is unexplained.
{% set reasons = ['term', 'credit', 'one_time', 'usage', 'fx', 'free_period'] %}

with levels as (
    select
        source_system,
        contract_id,
        account_id,
        month,
        valid_from,
        valid_to,
        run_days,
        billing_period,
        is_not_billed_yet,
        {{ (tie_out_levels() + tie_out_counts()) | join(',\n        ') }},
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
        net_gap - gross_gap as discount_gap,
        case
            when lag(gross_implied_arr) over billing_periods = gross_implied_arr
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
            partition by source_system, contract_id, billing_period order by valid_from
        ) as contract_gap,
        -- Whole periods say their discount, prorations hide it: as much as the coupon's share.
        greatest(least(discount_gap + once_discount_arr, 0), -once_proration_arr)
        - once_discount_arr as once_gap,
        -- What is written off can hold a credit.
        least(billed_arr, refunded_arr + greatest(written_off_arr, 0)) as given_back_arr,
        case
            when arr = 0 and billed_arr <> 0 then 'bill only'
            when arr <> 0 and invoice_lines = 0 and void_arr > 0 and has_pause_in_period then 'void'
            when arr <> 0 and invoice_lines = 0 then 'arr only'
            when abs(net_gap) <= slack_arr then 'equal'
            when paused_lines > 0 then 'paused'
            else 'different'
        end as days
    from stepped
),

levels_by_reason as (
    select
        *,
        case
            when days in ('bill only', 'arr only', 'void') then 0
            else billed_arr - implied_arr + odd_period_arr
        end as calendar_level,
        case
            when days = 'bill only' then given_back_arr
            when days in ('paused', 'different') then once_gap
            else 0
        end as credit_level,
        case
            when days = 'bill only' and paused_lines > 0 then billed_arr - given_back_arr
            when days = 'void' then -arr
            when days = 'arr only' and paused_lines > 0 then -arr
            when days = 'paused' then gross_gap - greatest(odd_period_arr, 0)
            -- One interval was charged for a period that is longer than it.
            when days in ('equal', 'different') then -greatest(odd_period_arr, 0)
            else 0
        end as free_period_level,
        -- ARR that is billed on lines that the billing system does not call recurring.
        case
            when days = 'arr only' and paused_lines = 0 then -least(arr, greatest(usage_arr, 0))
            else 0
        end as usage_level,
        case
            when days = 'arr only' and paused_lines = 0
                then -least(arr - least(arr, greatest(usage_arr, 0)), greatest(one_time_arr, 0))
            else 0
        end as one_time_level,
        case
            when days = 'different' and other_currency_lines > 0 then gross_gap - contract_gap
            else 0
        end as fx_level,
        case
            when days = 'equal' then net_gap
            -- The contract ended within the billed period; or a refund, which is counted in
            -- seconds, left less than a day.
            when
                days = 'bill only'
                and paused_lines = 0
                and (
                    arr_at_period_start > 0
                    or (refunded_arr > 0 and billed_arr - given_back_arr <= one_day_arr)
                )
                then billed_arr - given_back_arr
            when days = 'arr only' and is_not_billed_yet and void_arr <= 0 then -arr
            when days = 'different'
                then
                    contract_gap
                    + case
                        when
                            other_currency_lines = 0
                            and abs(gross_gap - contract_gap) <= slack_arr
                            then gross_gap - contract_gap
                        else 0
                    end
                    -- Price and discount of the contract reach the bill in the next period.
                    + case
                        when
                            has_discount_in_period
                            or abs(discount_gap - once_gap) <= slack_arr
                            then discount_gap - once_gap
                        else 0
                    end
            when days = 'paused' then discount_gap - once_gap
            else 0
        end as term_level,
        -- It ties to a bill that was written off, and no other stands for it.
        greatest(least(arr - (implied_arr - given_up_arr), given_up_arr, arr), 0) as given_up_level
    from gaps
),

measured as (
    select
        source_system,
        contract_id,
        account_id,
        month,
        valid_from,
        valid_to,
        cast(arr * run_days as decimal(28, 8)) as arr_days,
        cast(billed_arr * cast(run_days as double) / 365 as decimal(28, 8)) as billed,
        cast(arr * cast(run_days as double) / 365 as decimal(28, 8)) as expected,
        {{ each_column(
            ['calendar', 'given_up'] + reasons,
            'cast(@_level * cast(run_days as double) / 365 as decimal(28, 8)) as @'
        ) }}
    from levels_by_reason
),

remainders as (
    select
        *,
        billed - expected - calendar - {{ reasons | join(' - ') }} as remainder
    from measured
),

-- Below a thousandth of a cent the remainder is rounding.
judged as (
    select
        *,
        case when abs(remainder) >= 0.00001 then remainder else 0 end as left_over
    from remainders
),

final as (
    select
        source_system,
        contract_id,
        account_id,
        month,
        valid_from,
        valid_to,
        arr_days,
        billed,
        expected,
        calendar + remainder - left_over as timing_calendar,
        term as timing_term,
        credit,
        one_time,
        usage,
        fx,
        free_period,
        given_up,
        case when account_id = 'unassigned' then left_over else 0 end as unmatched_customer,
        case when account_id <> 'unassigned' then left_over else 0 end as unexplained
    from judged
)

select * from final
