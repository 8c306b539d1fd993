-- Grain: one row per contract and run of days of a month: what its contract did within the billing
-- period, and whether there was ARR before and after.
-- A billing period begins where a whole period of an invoice does. Within it a change of the
-- contract that the bill follows only in the next period is a step; a bill that was wrong from its
-- first day, or that changed by another amount than the contract did, is none.
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
        -- With a pause or a trial the contract is what it would cost without.
        arr + paused_arr as full_arr,
        gross_arr + paused_gross_arr as gross_full_arr
    from {{ ref('int_tie_out_levels') }}
),

terms as (
    select
        source_system,
        contract_id,
        first_day,
        end_day,
        even_arr
    from {{ ref('int_tie_out_terms') }}
),

even as (
    select distinct
        levels.source_system,
        levels.contract_id,
        levels.valid_from
    from levels
    inner join terms
        on
            levels.source_system = terms.source_system
            and levels.contract_id = terms.contract_id
            and levels.valid_from >= terms.first_day
            and levels.valid_from < terms.end_day
            and abs(levels.implied_arr - terms.even_arr) <= levels.slack_arr
),

-- Where invoice lines do not say price and discount apart, both sides are compared net.
gaps as (
    select
        levels.*,
        even.contract_id is not null as is_even_over_term,
        case
            when levels.net_lines > 0 then levels.implied_arr - levels.full_arr
            else levels.gross_implied_arr - levels.gross_full_arr
        end as gross_gap,
        levels.implied_arr - levels.full_arr as full_gap,
        levels.gross_full_arr - levels.full_arr as contract_discount_arr,
        levels.gross_implied_arr - levels.implied_arr as bill_discount_arr,
        -- What becomes unpaid on the day of a bill counted when it was made.
        case
            when levels.unpaid_lines > 0
                then greatest(
                    levels.arr,
                    lag(levels.arr) over (
                        partition by levels.source_system, levels.contract_id
                        order by levels.valid_from
                    )
                )
            else levels.arr
        end as arr_when_billed,
        sum(case when levels.invoice_lines = 0 then 1 else 0 end) over (
            partition by levels.source_system, levels.contract_id
            order by levels.valid_from
        ) as unbilled_runs
    from levels
    left outer join even
        on
            levels.source_system = even.source_system
            and levels.contract_id = even.contract_id
            and levels.valid_from = even.valid_from
),

stepped as (
    select
        *,
        case
            when lag(gross_implied_arr) over billing_periods = gross_implied_arr
                then lag(gross_full_arr) over billing_periods - gross_full_arr
            else 0
        end as price_step,
        -- A bill that changed can still have its discount as it was: a coupon of an amount.
        case
            when
                lag(gross_implied_arr) over billing_periods = gross_implied_arr
                or (
                    net_lines = 0
                    and abs(bill_discount_arr - lag(bill_discount_arr) over billing_periods)
                    <= slack_arr
                )
                then contract_discount_arr - lag(contract_discount_arr) over billing_periods
            else 0
        end as discount_step,
        first_value(arr_when_billed) over billing_periods as arr_at_period_start,
        coalesce(max(arr) over rest_of_period, 0) as arr_later_in_period,
        coalesce(max(arr) over runs_before, 0) as arr_before,
        coalesce(max(arr) over runs_after, 0) as arr_after
    from gaps
    window
        billing_periods as (
            partition by source_system, contract_id, billing_period
            order by valid_from
        ),
        rest_of_period as (
            partition by source_system, contract_id, billing_period, unbilled_runs
            order by valid_from
            rows between 1 following and unbounded following
        ),
        runs_before as (
            partition by source_system, contract_id
            order by valid_from
            rows between unbounded preceding and 1 preceding
        ),
        runs_after as (
            partition by source_system, contract_id
            order by valid_from
            rows between 1 following and unbounded following
        )
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
        is_not_billed_yet,
        is_even_over_term,
        {{ (tie_out_levels() + tie_out_counts()) | join(',\n        ') }},
        implied_arr - arr as net_gap,
        cast(gross_gap as decimal(28, 8)) as gross_gap,
        cast(full_gap - gross_gap as decimal(28, 8)) as discount_gap,
        cast(
            sum(price_step) over (
                partition by source_system, contract_id, billing_period order by valid_from
            ) as decimal(28, 8)
        ) as price_steps,
        cast(
            sum(discount_step) over (
                partition by source_system, contract_id, billing_period order by valid_from
            ) as decimal(28, 8)
        ) as discount_steps,
        arr_at_period_start,
        arr_later_in_period,
        arr_before,
        arr_after
    from stepped
)

select * from final
