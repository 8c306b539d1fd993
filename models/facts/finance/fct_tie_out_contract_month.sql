-- Grain: one row per account, billing contract and month up to the as-of date.
{% set reasons = [
    'timing_term', 'credit', 'one_time', 'usage', 'fx', 'free_period', 'kept_after_end',
    'discount_period', 'unmatched_customer', 'unexplained',
] %}

with runs as (
    select
        source_system,
        contract_id,
        account_id,
        month,
        arr_days,
        given_up,
        wrong_currency,
        finding,
        {{ each_column(reasons, '@') }}
    from {{ ref('int_tie_out_reasons') }}
),

earnings as (
    select
        source_system,
        subscription_id,
        contract_account_id,
        account_id,
        month,
        line_kind,
        earned,
        earned_booked
    from {{ ref('int_finance_earnings') }}
    where not is_deferred
),

contracts as (
    select
        source_system,
        subscription_id,
        contract_account_id,
        contract_id
    from {{ ref('int_tie_out_contracts') }}
),

-- Nothing can be compared with bills that were not delivered.
first_bills as (
    select
        source_system,
        min(month) as first_month
    from earnings
    where line_kind = 'recurring'
    group by source_system
),

-- What is found on most of the money of the month.
findings as (
    select
        source_system,
        contract_id,
        account_id,
        month,
        finding
    from runs
    where finding is not null
    group by
        source_system,
        contract_id,
        account_id,
        month,
        finding
    qualify
        row_number() over (
            partition by source_system, contract_id, account_id, month
            order by
                sum(
                    abs(unexplained) + abs(unmatched_customer) + given_up + wrong_currency
                ) desc,
                finding asc
        ) = 1
),

expected as (
    select
        source_system,
        contract_id,
        account_id,
        month,
        -- The cents of a month are rounded once.
        cast({{ part_of('sum(arr_days)', 1, 365, 2) }} as decimal(18, 2)) as expected_revenue,
        cast(sum(given_up) as decimal(18, 2)) as written_off_revenue,
        cast(sum(wrong_currency) as decimal(18, 2)) as wrong_currency_revenue,
        {{ each_column(reasons, 'cast(sum(@) as decimal(18, 2)) as @') }}
    from runs
    group by
        source_system,
        contract_id,
        account_id,
        month
),

billed as (
    select
        earnings.source_system,
        contracts.contract_id,
        earnings.account_id,
        earnings.month,
        sum(earnings.earned) as billed_revenue,
        sum(earnings.earned_booked) as billed_revenue_booked
    from earnings
    inner join contracts
        on
            earnings.source_system = contracts.source_system
            and earnings.subscription_id is not distinct from contracts.subscription_id
            and earnings.contract_account_id = contracts.contract_account_id
    where earnings.line_kind = 'recurring'
    group by
        earnings.source_system,
        contracts.contract_id,
        earnings.account_id,
        earnings.month
),

joined as (
    select
        coalesce(expected.source_system, billed.source_system) as source_system,
        coalesce(expected.contract_id, billed.contract_id) as contract_id,
        coalesce(expected.account_id, billed.account_id) as account_id,
        coalesce(expected.month, billed.month) as month,
        coalesce(expected.expected_revenue, 0) as expected_revenue,
        coalesce(billed.billed_revenue, 0) as billed_revenue,
        coalesce(billed.billed_revenue_booked, 0) as billed_revenue_booked,
        coalesce(billed.billed_revenue, 0) - coalesce(expected.expected_revenue, 0) as variance,
        coalesce(expected.written_off_revenue, 0) as written_off_revenue,
        coalesce(expected.wrong_currency_revenue, 0) as wrong_currency_revenue,
        {{ each_column(reasons, 'coalesce(expected.@, 0) as @') }}
    from expected
    full outer join billed
        on
            expected.source_system = billed.source_system
            and expected.contract_id = billed.contract_id
            and expected.account_id = billed.account_id
            and expected.month = billed.month
),

final as (
    select
        joined.source_system,
        joined.contract_id,
        joined.account_id,
        joined.month,
        cast(joined.expected_revenue as decimal(18, 2)) as expected_revenue,
        cast(joined.billed_revenue as decimal(18, 2)) as billed_revenue,
        cast(joined.billed_revenue_booked as decimal(18, 2)) as billed_revenue_booked,
        cast(joined.variance as decimal(18, 2)) as variance,
        -- The days of the billing period against 1/365, and the cents of rounding.
        cast(joined.variance - joined.{{ reasons | join(' - joined.') }} as decimal(18, 2))
            as timing_calendar,
        {{ each_column(reasons, 'joined.@') }},
        cast(joined.written_off_revenue as decimal(18, 2)) as written_off_revenue,
        cast(joined.wrong_currency_revenue as decimal(18, 2)) as wrong_currency_revenue,
        findings.finding
    from joined
    left outer join findings
        on
            joined.source_system = findings.source_system
            and joined.contract_id = findings.contract_id
            and joined.account_id = findings.account_id
            and joined.month = findings.month
    inner join first_bills
        on
            joined.source_system = first_bills.source_system
            and joined.month >= first_bills.first_month
    where
        joined.expected_revenue <> 0
        or joined.billed_revenue <> 0
)

select * from final
