-- Grain: one row per contract and run of days of a month on which neither its ARR nor its bills
-- change.
-- Each contract line and invoice line raises a level on its first day and lowers it after its
-- last; the running sums of these steps are the levels of the days between. All levels are
-- amounts per year at the plan rate, so that a day counts level / 365.
{% set levels = [
    'arr', 'gross_arr', 'billed_arr', 'implied_arr', 'gross_implied_arr', 'discount_arr',
    'once_discount_arr', 'proration_arr', 'once_proration_arr', 'one_day_arr', 'odd_period_arr',
    'slack_arr', 'void_arr', 'written_off_arr', 'refunded_arr', 'usage_arr', 'one_time_arr',
] %}
{% set line_levels = [
    'billed_arr', 'implied_arr', 'gross_implied_arr', 'discount_arr', 'once_discount_arr',
    'proration_arr', 'once_proration_arr', 'one_day_arr', 'odd_period_arr', 'slack_arr',
] %}
{% set counts = [
    'contract_lines', 'paused_lines', 'invoice_lines', 'other_currency_lines', 'whole_periods',
] %}

with intervals as (
    select
        source_system,
        subscription_id,
        contract_account_id,
        valid_from,
        valid_to,
        is_paused,
        currency,
        arr,
        case
            when not is_billable or arr_local is null then 0
            when price_share = 1 and amount_off = 0 then arr_local
            else {{ gross_annual_amount(
                'unit_amount', 'quantity', 'billing_interval', 'interval_count'
            ) }}
        end as gross_arr_local
    from {{ ref('int_arr_line_intervals') }}
),

plan_rates as (
    select
        currency,
        plan_rate
    from {{ ref('int_fx_plan_rates') }}
),

invoice_lines as (
    select
        source_system,
        contract_id,
        is_proration,
        is_billed,
        is_written_off,
        is_other_currency,
        is_in_arrears,
        is_itemised,
        earned_from,
        earned_to,
        {{ line_levels | join(',\n        ') }}
    from {{ ref('int_tie_out_lines') }}
),

other_lines as (
    select
        source_system,
        subscription_id,
        contract_account_id,
        line_kind,
        earned_from,
        earned_to,
        cast(
            amount_reporting * cast(365 as double)
            / {{ days_between('earned_from', 'earned_to') }} as decimal(28, 8)
        ) as earned_arr,
        {{ days_between('earned_from', 'earned_to') }} as line_days
    from {{ ref('int_finance_service_lines') }}
    where
        line_kind in ('usage', 'one_time', 'refund')
        and is_billed
        and subscription_id is not null
),

contracts as (
    select
        source_system,
        subscription_id,
        contract_account_id,
        contract_id
    from {{ ref('int_tie_out_contracts') }}
),

merges as (
    select
        account_id,
        survivor_account_id,
        merged_on
    from {{ ref('int_account_survivors') }}
),

months as (
    select month
    from {{ ref('int_calendar_months') }}
),

tomorrow as (
    select cast({{ dbt.dateadd('day', 1, as_of_date()) }} as date) as first_day
),

-- Where invoice lines do not say price and discount apart, both sides are compared net.
itemised as (
    select
        source_system,
        contract_id,
        bool_and(is_itemised) as is_itemised
    from invoice_lines
    group by
        source_system,
        contract_id
),

spans as (
    select
        intervals.source_system,
        contracts.contract_id,
        intervals.valid_from as first_day,
        intervals.valid_to as end_day,
        intervals.arr,
        case
            when coalesce(itemised.is_itemised, true)
                then cast(intervals.gross_arr_local * plan_rates.plan_rate as decimal(18, 2))
            else intervals.arr
        end as gross_arr,
        {% for level in levels if level not in ('arr', 'gross_arr') -%}
        0 as {{ level }},
        {% endfor -%}
        1 as contract_lines,
        case when intervals.is_paused then 1 else 0 end as paused_lines,
        0 as invoice_lines,
        0 as other_currency_lines,
        0 as whole_periods
    from intervals
    inner join contracts
        on
            intervals.source_system = contracts.source_system
            and intervals.subscription_id = contracts.subscription_id
            and intervals.contract_account_id = contracts.contract_account_id
    left outer join itemised
        on
            contracts.source_system = itemised.source_system
            and contracts.contract_id = itemised.contract_id
    left outer join plan_rates
        on intervals.currency = plan_rates.currency
    union all
    select
        source_system,
        contract_id,
        earned_from as first_day,
        earned_to as end_day,
        0 as arr,
        0 as gross_arr,
        {% for level in line_levels -%}
        case when is_billed then {{ level }} else 0 end as {{ level }},
        {% endfor -%}
        case when is_billed then 0 else implied_arr end as void_arr,
        case when is_billed and is_written_off then billed_arr else 0 end as written_off_arr,
        0 as refunded_arr,
        0 as usage_arr,
        0 as one_time_arr,
        0 as contract_lines,
        0 as paused_lines,
        case when is_billed then 1 else 0 end as invoice_lines,
        case when is_billed and is_other_currency then 1 else 0 end as other_currency_lines,
        case when is_billed and not is_proration then 1 else 0 end as whole_periods
    from invoice_lines
    union all
    select
        other_lines.source_system,
        contracts.contract_id,
        other_lines.earned_from as first_day,
        other_lines.earned_to as end_day,
        {% for level in levels if level not in ('refunded_arr', 'usage_arr', 'one_time_arr') -%}
        0 as {{ level }},
        {% endfor -%}
        case when other_lines.line_kind = 'refund' then -other_lines.earned_arr else 0 end
            as refunded_arr,
        case when other_lines.line_kind = 'usage' then other_lines.earned_arr else 0 end
            as usage_arr,
        -- A fee of one day explains no day of service; what was sold once for a term does.
        case
            when other_lines.line_kind = 'one_time' and other_lines.line_days > 1
                then other_lines.earned_arr
            else 0
        end as one_time_arr,
        0 as contract_lines,
        0 as paused_lines,
        0 as invoice_lines,
        0 as other_currency_lines,
        0 as whole_periods
    from other_lines
    inner join contracts
        on
            other_lines.source_system = contracts.source_system
            and other_lines.subscription_id = contracts.subscription_id
            and other_lines.contract_account_id = contracts.contract_account_id
),

clipped as (
    select
        spans.*,
        least(coalesce(spans.end_day, tomorrow.first_day), tomorrow.first_day) as last_day
    from spans
    cross join tomorrow
    where spans.first_day < tomorrow.first_day
),

contract_accounts as (
    select
        source_system,
        contract_id,
        max(contract_account_id) as contract_account_id
    from contracts
    group by
        source_system,
        contract_id
),

ranges as (
    select
        source_system,
        contract_id,
        min(first_day) as first_day,
        max(last_day) as last_day
    from clipped
    group by
        source_system,
        contract_id
),

steps as (
    select
        source_system,
        contract_id,
        first_day as day,
        {{ (levels + counts) | join(',\n        ') }},
        whole_periods as period_starts
    from clipped
    union all
    select
        source_system,
        contract_id,
        last_day as day,
        {% for level in levels + counts -%}
        -{{ level }} as {{ level }},
        {% endfor -%}
        0 as period_starts
    from clipped
    union all
    -- Runs end with the month, and where a merge gives the contract to another account.
    select
        ranges.source_system,
        ranges.contract_id,
        months.month as day,
        {% for level in levels + counts -%}
        0 as {{ level }},
        {% endfor -%}
        0 as period_starts
    from ranges
    inner join months
        on
            months.month > ranges.first_day
            and months.month < ranges.last_day
    union all
    select
        ranges.source_system,
        ranges.contract_id,
        merges.merged_on as day,
        {% for level in levels + counts -%}
        0 as {{ level }},
        {% endfor -%}
        0 as period_starts
    from ranges
    inner join contract_accounts
        on
            ranges.source_system = contract_accounts.source_system
            and ranges.contract_id = contract_accounts.contract_id
    inner join merges
        on
            contract_accounts.contract_account_id = merges.account_id
            and merges.merged_on > ranges.first_day
            and merges.merged_on < ranges.last_day
),

daily_steps as (
    select
        source_system,
        contract_id,
        day,
        {% for level in levels + counts + ['period_starts'] -%}
        sum({{ level }}) as {{ level }}{{ ',' if not loop.last }}
        {% endfor %}
    from steps
    group by
        source_system,
        contract_id,
        day
),

runs as (
    select
        source_system,
        contract_id,
        day as valid_from,
        lead(day) over contract_days as valid_to,
        {% for level in levels + counts + ['period_starts'] -%}
        sum({{ level }}) over contract_days as {{ level }}{{ ',' if not loop.last }}
        {% endfor %}
    from daily_steps
    window contract_days as (
        partition by source_system, contract_id
        order by day
    )
),

arrears as (
    select
        source_system,
        contract_id,
        bool_and(is_in_arrears) as is_in_arrears,
        max(earned_to) as billed_until
    from invoice_lines
    where is_billed
    group by
        source_system,
        contract_id
),

final as (
    select
        runs.source_system,
        runs.contract_id,
        case
            when runs.valid_from >= merges.merged_on then merges.survivor_account_id
            else contract_accounts.contract_account_id
        end as account_id,
        cast({{ dbt.date_trunc('month', 'runs.valid_from') }} as date) as month,
        runs.valid_from,
        runs.valid_to,
        {{ days_between('runs.valid_from', 'runs.valid_to') }} as run_days,
        {% for level in levels -%}
        cast(runs.{{ level }} as decimal(28, 8)) as {{ level }},
        {% endfor -%}
        {% for count in counts -%}
        cast(runs.{{ count }} as bigint) as {{ count }},
        {% endfor -%}
        cast(runs.period_starts as bigint) as billing_period,
        coalesce(arrears.is_in_arrears and runs.valid_from >= arrears.billed_until, false)
            as is_not_billed_yet
    from runs
    inner join contract_accounts
        on
            runs.source_system = contract_accounts.source_system
            and runs.contract_id = contract_accounts.contract_id
    left outer join merges
        on contract_accounts.contract_account_id = merges.account_id
    left outer join arrears
        on
            runs.source_system = arrears.source_system
            and runs.contract_id = arrears.contract_id
    where
        runs.valid_to is not null
        and (runs.contract_lines > 0 or runs.invoice_lines > 0)
)

select * from final
