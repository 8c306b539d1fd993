-- Grain: one row per contract and run of days of a month: a year's difference by cause.
-- Each cause is as much as it can make, and no more: what no cause makes is left.
{% set runs = [
    'source_system', 'contract_id', 'account_id', 'month', 'valid_from', 'valid_to', 'run_days',
] %}
{% set steps = [
    'is_not_billed_yet', 'is_even_over_term', 'net_gap', 'gross_gap', 'discount_gap', 'price_steps',
    'discount_steps', 'arr_at_period_start', 'arr_later_in_period', 'arr_before', 'arr_after',
] %}

with told as (
    select
        {{ each_column(runs + steps + tie_out_levels() + tie_out_counts(), '@') }}
    from {{ ref('int_tie_out_steps') }}
),

steps as (
    select
        *,
        -- Where there is no ARR. What is written off can hold a credit.
        case
            when arr = 0 then least(billed_arr, refunded_arr + greatest(written_off_arr, 0)) else 0
        end as given_back_arr,
        -- The same of what a bill stands for: months differ in length.
        cast(
            coalesce(given_back_arr * cast(implied_arr as double) / nullif(billed_arr, 0), 0)
            as decimal(28, 8)
        ) as given_back_implied_arr,
        discount_gap - discount_steps as own_discount_gap,
        -- A refund, which is counted in seconds, left less than a day.
        refunded_arr > 0 and billed_arr - given_back_arr <= one_day_arr as is_refunded,
        greatest(arr - greatest(usage_arr, 0), 0) as arr_without_usage,
        greatest(arr_without_usage - greatest(one_time_arr, 0), 0) as arr_billed_nowhere,
        case
            when arr = 0 and billed_arr = 0 and invoice_lines = 0 then 'nothing'
            when arr = 0 and gross_arr = 0 and paused_lines = 0 and billed_arr <> 0
                then 'bill only'
            when invoice_lines = 0 and void_in_pause_arr > 0 then 'void'
            when invoice_lines = 0 then 'arr only'
            when abs(net_gap) <= slack_arr then 'equal'
            else 'different'
        end as days
    from told
),

-- A coupon for one invoice: whole periods say it, prorations hide it, as much as its share. A bill
-- goes on in a pause or a trial: what was not given back of it.
gaps as (
    select
        *,
        greatest(least(own_discount_gap + once_discount_arr, 0), -once_proration_arr)
        - once_discount_arr as once_level,
        gross_gap - price_steps + own_discount_gap - once_level + paused_arr
        - given_back_implied_arr as gap
    from steps
),

-- What was given back of what was billed too much: of a line that was billed again all of it, and a
-- credit that was given again. Then a pause, but for what was paused before the period began.
free as (
    select
        *,
        case
            when arr = 0 or gap <= slack_arr then 0
            when abs(gap - repeated_arr) < gap then greatest(gap, repeated_arr)
            else gap
        end as too_much,
        case when too_much > 0 then least(returned_arr, too_much + returned_again_arr) else 0 end
            as returned_level,
        greatest(least(gap - returned_level, paused_arr - paused_before_arr), 0) as paused_level,
        gap - returned_level - paused_level as gap_after_pause
    from gaps
),

-- What remains within the smallest coins is rounding; what ties over the term is timing; another
-- currency explains what its rates can, or all where the number is the contract's; a negative line
-- what it takes off.
rest as (
    select
        *,
        abs(gap_after_pause) <= slack_arr or is_even_over_term as is_timing,
        abs(gap_after_pause + same_number_arr - implied_arr) <= slack_arr as is_same_number,
        other_currency_lines > 0
        and abs(gap_after_pause) <= {{ var('tie_out_fx_tolerance', 0.05) }} * abs(implied_arr)
            as is_rate
    from free
),

levelled as (
    select
        *,
        case
            when days in ('equal', 'different')
                then
                    billed_arr - implied_arr - fx_arr + odd_period_arr
                    - (given_back_arr - given_back_implied_arr)
            else 0
        end as calendar_level,
        case
            when days = 'bill only' then given_back_arr
            when days = 'different'
                then
                    once_level
                    + returned_level
                    + given_back_arr
                    - case
                        when is_timing or is_same_number or is_rate then 0
                        else greatest(
                            least(-gap_after_pause, negative_arr - repeated_credit_arr), 0
                        )
                    end
            else 0
        end as credit_level,
        case
            when days in ('void', 'arr only') and (days = 'void' or paused_lines > 0) then -arr
            -- One interval was charged for a period that is longer than it.
            when days = 'different' then paused_level - greatest(odd_period_arr, 0)
            when days = 'equal' then -greatest(odd_period_arr, 0)
            else 0
        end as free_period_level,
        -- ARR that is billed on lines that the billing system does not call recurring.
        case
            when days = 'arr only' and paused_lines = 0 then arr_without_usage - arr
            else 0
        end as usage_level,
        case
            when days = 'arr only' and paused_lines = 0
                then arr_billed_nowhere - arr_without_usage
            else 0
        end as one_time_level,
        case when days in ('equal', 'different') then fx_arr else 0 end
        + case
            when days = 'different' and not is_timing and (is_same_number or is_rate)
                then gap_after_pause
            else 0
        end as fx_level,
        case when days = 'different' then least(discount_steps, 0) else 0 end
            as discount_period_level,
        -- The contract ended for good within the billed period; or it was unpaid, and either was
        -- not when the period began, or came back.
        case
            when
                days = 'bill only'
                and not is_refunded
                and (
                    (arr_at_period_start > 0 and arr_later_in_period = 0)
                    or (unpaid_lines > 0 and greatest(arr_at_period_start, arr_after) > 0)
                )
                then billed_arr - given_back_arr
            else 0
        end as kept_after_end_level,
        case
            when days = 'equal' then net_gap
            when days = 'bill only' and is_refunded then billed_arr - given_back_arr
            when days = 'arr only' and paused_lines = 0 and is_not_billed_yet and void_arr <= 0
                then -arr_billed_nowhere
            when days = 'different'
                then
                    price_steps
                    + greatest(discount_steps, 0)
                    + case when is_timing then gap_after_pause else 0 end
            else 0
        end as term_level,
        case
            when days = 'different' and not is_timing and is_same_number
                then abs(gap_after_pause + fx_arr)
            else 0
        end as wrong_currency_level,
        -- It ties to a bill that was written off, and no other stands for it.
        greatest(least(arr - (implied_arr - given_up_arr), given_up_arr, arr), 0) as given_up_level
    from rest
),

final as (
    select
        {{ each_column(runs, '@') }},
        days,
        arr,
        gross_arr,
        billed_arr,
        gross_implied_arr,
        slack_arr,
        void_arr,
        repeated_arr,
        contract_units,
        billed_units,
        arr_before,
        arr_after,
        gap_after_pause + returned_level as left_arr,
        repeated_credit_arr + greatest(returned_level - too_much, 0) as credited_again_arr,
        least(paused_before_arr, paused_arr) as billed_in_pause_arr,
        gross_gap - price_steps as price_arr,
        {{ each_column(
            ['calendar', 'given_up', 'wrong_currency'] + tie_out_causes(),
            'cast(@_level as decimal(28, 8)) as @_arr'
        ) }}
    from levelled
)

select * from final
