-- Grain: one row per contract line interval or invoice line of a billing contract.
-- A span raises the levels of its contract on its first day and lowers them on its end day. All
-- levels are amounts per year at the plan rate: a day counts level / 365. Spans end after the
-- as-of date at the latest.
{% set levels = tie_out_levels() | reject('in', tie_out_levels_apart()) | list %}
{% set counts = tie_out_counts() %}
{% set tomorrow = 'cast(' ~ dbt.dateadd('day', 1, as_of_date()) ~ ' as date)' %}
{% set contract_levels = tie_out_contract_levels() %}
{% set line_levels = tie_out_line_levels() %}

with intervals as (
    select
        source_system,
        'arr ' || subscription_item_id || ' ' || cast(valid_from as varchar) as span_id,
        subscription_id,
        contract_account_id,
        valid_from,
        valid_to,
        not is_billable and (is_paused or status = 'trialing') as is_free,
        is_paused,
        -- Not paid yet, or not any more: what is paid after all is billed for these days.
        not is_billable and status in ('incomplete', 'past_due', 'unpaid') as is_unpaid,
        is_billable,
        currency,
        quantity,
        price_share,
        amount_off,
        {{ arr_at_plan_rate() }} as arr,
        arr_local,
        {{ gross_annual_amount(
            'unit_amount', 'quantity', 'billing_interval', 'interval_count'
        ) }} as list_arr_local,
        net_annual_amount
    from {{ ref('int_arr_line_intervals') }}
),

-- A metered line has no price to add up, with a coupon neither. A pause or a trial is free of what
-- the line would cost.
priced as (
    select
        *,
        coalesce(
            case
                when not is_billable then 0
                when price_share = 1 and amount_off = 0 then arr_local
                else list_arr_local
            end,
            0
        ) as gross_arr_local,
        case when is_free then coalesce(list_arr_local, 0) else 0 end as paused_gross_arr_local,
        case when is_free then coalesce(net_annual_amount, 0) else 0 end as paused_arr_local
    from intervals
),

invoice_lines as (
    select
        source_system,
        'bill ' || invoice_line_id as span_id,
        contract_id,
        is_whole_period,
        is_billed,
        is_written_off,
        is_other_currency,
        is_itemised,
        earned_from,
        earned_to,
        {{ line_levels | join(',\n        ') }}
    from {{ ref('int_tie_out_lines') }}
),

other_lines as (
    select
        source_system,
        'bill ' || invoice_line_id as span_id,
        subscription_id,
        contract_account_id,
        line_kind,
        earned_from,
        earned_to,
        cast(amount_reporting * cast(365 as double) / line_days as decimal(28, 8)) as earned_arr,
        -- What stands for ARR is the amount of a period times the periods of a year, as for a
        -- recurring line; a refund is compared by the day.
        cast(amount_reporting * cast(periods_per_year as double) as decimal(28, 8)) as implied_arr,
        line_days
    from {{ ref('int_finance_service_lines') }}
    where
        line_kind in ('usage', 'one_time', 'refund', 'credit')
        and is_billed
),

contracts as (
    select
        source_system,
        subscription_id,
        contract_account_id,
        contract_id
    from {{ ref('int_tie_out_contracts') }}
),

spans as (
    select
        priced.source_system,
        priced.span_id,
        contracts.contract_id,
        priced.valid_from as first_day,
        priced.valid_to as end_day,
        priced.arr,
        {{ at_rate('priced.gross_arr_local', 'plan_rates.plan_rate') }} as gross_arr,
        priced.paused_arr_local * cast(plan_rates.plan_rate as double) as paused_arr,
        priced.paused_gross_arr_local * cast(plan_rates.plan_rate as double) as paused_gross_arr,
        case when priced.is_billable then priced.quantity else 0 end as contract_units,
        {{ each_column(levels | reject('in', contract_levels) | list, '0 as @') }},
        1 as contract_lines,
        case when priced.is_paused or priced.is_free then 1 else 0 end as paused_lines,
        case when priced.is_unpaid then 1 else 0 end as unpaid_lines,
        0 as invoice_lines,
        0 as net_lines,
        0 as other_currency_lines,
        0 as whole_periods
    from priced
    inner join contracts
        on
            priced.source_system = contracts.source_system
            and priced.subscription_id = contracts.subscription_id
            and priced.contract_account_id = contracts.contract_account_id
    left outer join {{ ref('int_fx_plan_rates') }} as plan_rates
        on priced.currency = plan_rates.currency
    union all
    select
        source_system,
        span_id,
        contract_id,
        earned_from as first_day,
        earned_to as end_day,
        {{ each_column(contract_levels, '0 as @') }},
        {{ each_column(line_levels, 'case when is_billed then @ else 0 end as @') }},
        case when is_billed then 0 else implied_arr end as void_arr,
        case when is_billed and is_written_off then billed_arr else 0 end as written_off_arr,
        0 as refunded_arr,
        0 as usage_arr,
        0 as one_time_arr,
        0 as contract_lines,
        0 as paused_lines,
        0 as unpaid_lines,
        case when is_billed then 1 else 0 end as invoice_lines,
        case when is_billed and not is_itemised then 1 else 0 end as net_lines,
        case when is_billed and is_other_currency then 1 else 0 end as other_currency_lines,
        case when is_billed and is_whole_period then 1 else 0 end as whole_periods
    from invoice_lines
    union all
    select
        other_lines.source_system,
        other_lines.span_id,
        contracts.contract_id,
        other_lines.earned_from as first_day,
        other_lines.earned_to as end_day,
        {{ each_column(
            levels | reject('in', ['refunded_arr', 'usage_arr', 'one_time_arr']) | list,
            '0 as @'
        ) }},
        -- As for a fee: a credit of one day is for no days of service.
        case
            when
                other_lines.line_kind = 'refund'
                or (other_lines.line_kind = 'credit' and other_lines.line_days > 1)
                then -other_lines.earned_arr
            else 0
        end as refunded_arr,
        case when other_lines.line_kind = 'usage' then other_lines.implied_arr else 0 end
            as usage_arr,
        -- A fee of one day explains no day of service; what was sold once for a term does.
        case
            when other_lines.line_kind = 'one_time' and other_lines.line_days > 1
                then other_lines.implied_arr
            else 0
        end as one_time_arr,
        {{ each_column(counts, '0 as @') }}
    from other_lines
    -- What names no subscription is its account's, where bills make that one contract.
    inner join contracts
        on
            other_lines.source_system = contracts.source_system
            and other_lines.subscription_id is not distinct from contracts.subscription_id
            and other_lines.contract_account_id = contracts.contract_account_id
),

final as (
    select
        spans.source_system,
        spans.span_id,
        spans.contract_id,
        spans.first_day,
        least(coalesce(spans.end_day, cast('9999-12-31' as date)), {{ tomorrow }}) as end_day,
        {{ each_column(levels, 'cast(spans.@ as decimal(28, 8)) as @') }},
        {{ each_column(counts, 'cast(spans.@ as bigint) as @') }}
    from spans
    where spans.first_day <= {{ as_of_date() }}
)

select * from final
