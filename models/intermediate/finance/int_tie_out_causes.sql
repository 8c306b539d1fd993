-- Grain: one row per contract and run of days of a month: a year's difference by cause.
-- Each cause is as much as it can make, and no more: what no cause makes is left.
{# What is written off can hold a credit. #}
{% set given_back = 'least(billed_arr, refunded_arr + greatest(written_off_arr, 0))' %}
{% set runs = [
    'source_system', 'contract_id', 'account_id', 'month', 'valid_from', 'valid_to', 'run_days',
] %}
{% set steps = [
    'is_not_billed_yet', 'is_even_over_term', 'net_gap', 'gross_gap', 'discount_gap', 'price_steps',
    'discount_steps', 'arr_at_period_start', 'arr_later_in_period', 'arr_before', 'arr_after',
    'has_pause_in_period',
] %}

with told as (
    select
        {{ each_column(runs + steps + tie_out_levels() + tie_out_counts(), '@') }}
    from {{ ref('int_tie_out_steps') }}
),

steps as (
    select
        *,
        {{ given_back }} as given_back_arr,
        -- Where there is no ARR, the same of what a bill stands for: months differ in length.
        cast(
            case
                when arr = 0 and billed_arr <> 0
                    then {{ given_back }} * cast(implied_arr as double) / billed_arr
                else 0
            end as decimal(28, 8)
        ) as given_back_implied_arr,
        discount_gap - discount_steps as own_discount_gap,
        -- A refund, which is counted in seconds, left less than a day.
        refunded_arr > 0
        and billed_arr - {{ given_back }} <= one_day_arr as is_refunded,
        greatest(arr - greatest(usage_arr, 0), 0) as arr_without_usage,
        greatest(arr - greatest(usage_arr, 0) - greatest(one_time_arr, 0), 0)
            as arr_billed_nowhere,
        case
            when arr = 0 and billed_arr = 0 and invoice_lines = 0 then 'nothing'
            when arr = 0 and gross_arr = 0 and paused_lines = 0 and billed_arr <> 0
                then 'bill only'
            when invoice_lines = 0 and void_arr > 0 and has_pause_in_period then 'void'
            when invoice_lines = 0 then 'arr only'
            when abs(net_gap) <= slack_arr then 'equal'
            else 'different'
        end as days
    from told
),

-- A coupon for one invoice: whole periods say it, prorations hide it, as much as its share.
once as (
    select
        *,
        greatest(least(own_discount_gap + once_discount_arr, 0), -once_proration_arr)
        - once_discount_arr as once_level
    from steps
),

-- A bill goes on in a pause or a trial: what was not given back of it, up to the price.
paused as (
    select
        *,
        gross_gap - price_steps + own_discount_gap - once_level + paused_arr
        - given_back_implied_arr as gap
    from once
),

free as (
    select
        *,
        greatest(least(gap, paused_arr), 0) as paused_level,
        gap - greatest(least(gap, paused_arr), 0) as gap_after_pause
    from paused
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
                    - case when arr = 0 then given_back_arr - given_back_implied_arr else 0 end
            else 0
        end as calendar_level,
        case
            when days = 'bill only' then given_back_arr
            when days = 'different'
                then
                    once_level
                    + case when arr = 0 then given_back_arr else 0 end
                    - case
                        when is_timing or is_same_number or is_rate then 0
                        else greatest(least(-gap_after_pause, negative_arr), 0)
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
        -- The contract ended for good within the billed period, or for as long as it was unpaid.
        case
            when
                days = 'bill only'
                and not is_refunded
                and arr_at_period_start > 0
                and (arr_later_in_period = 0 or unpaid_lines > 0)
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
        gap_after_pause as left_arr,
        gross_gap - price_steps as price_arr,
        {{ each_column(
            ['calendar', 'given_up', 'wrong_currency'] + tie_out_causes(),
            'cast(@_level as decimal(28, 8)) as @_arr'
        ) }}
    from levelled
)

select * from final
