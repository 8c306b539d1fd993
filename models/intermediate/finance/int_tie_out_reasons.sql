-- Grain: one row per contract and run of days of a month: why bill and ARR differ on these days.
-- The components add up to billed less expected, exactly. What no cause makes is unexplained, and
-- finding says what it looks like.
{% set causes = tie_out_causes() %}

with causes as (
    select
        source_system,
        contract_id,
        account_id,
        month,
        valid_from,
        valid_to,
        run_days,
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
        left_arr,
        credited_again_arr,
        billed_in_pause_arr,
        price_arr,
        {{ each_column(['calendar', 'given_up', 'wrong_currency'] + causes, '@_arr') }}
    from {{ ref('int_tie_out_causes') }}
),

measured as (
    select
        *,
        cast(arr * run_days as decimal(28, 8)) as arr_days,
        cast(billed_arr * cast(run_days as double) / 365 as decimal(28, 8)) as billed,
        cast(arr * cast(run_days as double) / 365 as decimal(28, 8)) as expected,
        {{ each_column(
            ['calendar', 'given_up', 'wrong_currency'] + causes,
            'cast(@_arr * cast(run_days as double) / 365 as decimal(28, 8)) as @'
        ) }}
    from causes
),

remainders as (
    select
        *,
        billed - expected - calendar - {{ causes | join(' - ') }} as remainder
    from measured
),

-- Below a thousandth of a cent, or the last digits of a very large amount, it is rounding.
judged as (
    select
        *,
        case
            when abs(remainder) >= greatest(0.00001, (abs(billed) + abs(expected)) / 1e12)
                then remainder
            else 0
        end as left_over,
        left_over * 365 / run_days as left_over_arr,
        account_id = 'unassigned' as is_unmatched
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
        kept_after_end,
        discount_period,
        given_up,
        wrong_currency,
        case when is_unmatched then left_over else 0 end as unmatched_customer,
        case when is_unmatched then 0 else left_over end as unexplained,
        case
            when wrong_currency > 0 then 'wrong_currency'
            when left_over = 0 and given_up > 0 then 'bill_written_off'
            when left_over = 0 then null
            when is_unmatched then 'customer_without_account'
            when days = 'bill only' and arr_before > 0 and arr_after > 0 then 'gap_in_contract'
            when days = 'bill only' and arr_before > 0 then 'billed_after_end'
            when days = 'bill only' and arr_after > 0 then 'billed_before_start'
            when days = 'bill only' then 'bill_without_contract'
            when days in ('void', 'arr only') and void_arr > 0 then 'bill_made_void'
            when days in ('void', 'arr only') then 'missing_bill'
            when
                credited_again_arr > 0
                and abs(left_over_arr + credited_again_arr) <= slack_arr
                then 'double_credit'
            when
                billed_in_pause_arr > 0
                and left_over_arr > 0
                and left_over_arr <= billed_in_pause_arr + slack_arr
                then 'billed_in_pause'
            when abs(left_arr - repeated_arr) <= slack_arr then 'double_bill'
            when
                abs(price_arr) <= slack_arr
                and left_arr < 0
                then 'discount_not_in_arr'
            when abs(price_arr) <= slack_arr then 'discount_not_on_bill'
            when
                billed_units <> contract_units
                and abs(
                    gross_implied_arr * contract_units - gross_arr * billed_units
                ) <= slack_arr * greatest(contract_units, billed_units)
                then 'wrong_quantity'
            else 'wrong_price'
        end as finding
    from judged
)

select * from final
