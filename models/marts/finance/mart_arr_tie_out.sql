-- Grain: one row per account and month in which it has ARR or a recurring bill.
{% set reasons = [
    'timing', 'credit', 'one_time', 'usage', 'fx', 'free_period', 'kept_after_end',
    'discount_period', 'unmatched_customer', 'unexplained',
] %}
{% set to_chase = 'abs(unexplained) + abs(unmatched_customer) + written_off_revenue'
    ~ ' + wrong_currency_revenue' %}

with contract_months as (
    select
        account_id,
        month,
        contract_id,
        expected_revenue,
        billed_revenue,
        billed_revenue_booked,
        variance,
        timing_calendar,
        timing_term,
        timing_calendar + timing_term as timing,
        credit,
        one_time,
        usage,
        fx,
        free_period,
        kept_after_end,
        discount_period,
        unmatched_customer,
        unexplained,
        written_off_revenue,
        wrong_currency_revenue,
        finding
    from {{ ref('fct_tie_out_contract_month') }}
),

other_revenue as (
    select
        account_id,
        month,
        sum(case when revenue_kind = 'one_time' then earned else 0 end) as one_time_revenue,
        sum(case when revenue_kind = 'usage' then earned else 0 end) as usage_revenue,
        sum(case when revenue_kind in ('credit', 'refund') then earned else 0 end)
            as credit_revenue
    from {{ ref('fct_revenue_month') }}
    group by
        account_id,
        month
),

-- What is found on most of what is to be chased, as for a contract.
findings as (
    select
        account_id,
        month,
        finding
    from contract_months
    where finding is not null
    group by
        account_id,
        month,
        finding
    qualify
        row_number() over (
            partition by account_id, month
            order by sum({{ to_chase }}) desc, finding asc
        ) = 1
),

account_months as (
    select
        account_id,
        month,
        count(*) as contracts,
        sum(expected_revenue) as expected_revenue,
        sum(billed_revenue) as billed_revenue,
        sum(billed_revenue_booked) as billed_revenue_booked,
        sum(variance) as variance,
        sum(timing_calendar) as timing_calendar,
        sum(timing_term) as timing_term,
        {{ each_column(reasons, 'sum(@) as @') }},
        sum(written_off_revenue) as written_off_revenue,
        sum(wrong_currency_revenue) as wrong_currency_revenue,
        -- Two contracts that are wrong by the same amount do not make each other right.
        sum({{ to_chase }}) as amount_to_chase,
        sum(abs(unexplained)) as unexplained_to_chase,
        sum(abs(unmatched_customer)) as unmatched_to_chase
    from contract_months
    group by
        account_id,
        month
),

judged as (
    select
        *,
        amount_to_chase > {{ var('tie_out_tolerance', 1) }} as is_exception,
        greatest(abs({{ reasons | join('), abs(') }})) as largest
    from account_months
),

final as (
    select
        judged.account_id,
        judged.month,
        cast(judged.expected_revenue as decimal(18, 2)) as expected_revenue,
        cast(judged.billed_revenue as decimal(18, 2)) as billed_revenue,
        cast(judged.variance as decimal(18, 2)) as variance,
        -- What must be chased is never hidden behind something larger that is explained.
        case
            when
                judged.is_exception
                and judged.wrong_currency_revenue > greatest(
                    judged.written_off_revenue,
                    judged.unmatched_to_chase,
                    judged.unexplained_to_chase
                )
                then 'fx'
            when
                judged.is_exception
                and judged.written_off_revenue
                > greatest(judged.unmatched_to_chase, judged.unexplained_to_chase)
                then 'credit'
            when judged.is_exception and judged.unmatched_to_chase > judged.unexplained_to_chase
                then 'unmatched_customer'
            when judged.is_exception then 'unexplained'
            when judged.largest = 0 then 'none'
            {{ largest_of(reasons, 'judged', 'largest') }}
        end as reason,
        judged.is_exception,
        case when judged.is_exception then findings.finding end as finding,
        {{ each_column(reasons, 'cast(judged.@ as decimal(18, 2)) as variance_@') }},
        cast(judged.timing_calendar as decimal(18, 2)) as timing_calendar,
        cast(judged.timing_term as decimal(18, 2)) as timing_term,
        cast(judged.billed_revenue_booked as decimal(18, 2)) as billed_revenue_booked,
        cast(coalesce(other_revenue.one_time_revenue, 0) as decimal(18, 2))
            as one_time_revenue,
        cast(coalesce(other_revenue.usage_revenue, 0) as decimal(18, 2)) as usage_revenue,
        cast(coalesce(other_revenue.credit_revenue, 0) as decimal(18, 2)) as credit_revenue,
        judged.contracts,
        cast(judged.written_off_revenue as decimal(18, 2)) as written_off_revenue,
        cast(judged.wrong_currency_revenue as decimal(18, 2)) as wrong_currency_revenue,
        {{ dbt.last_day('judged.month', 'month') }} <= {{ as_of_date() }} as is_complete,
        cast({{ var('tie_out_tolerance', 1) }} as decimal(18, 2)) as tie_out_tolerance
    from judged
    left outer join findings
        on
            judged.account_id = findings.account_id
            and judged.month = findings.month
    left outer join other_revenue
        on
            judged.account_id = other_revenue.account_id
            and judged.month = other_revenue.month
)

select * from final
