-- Grain: one row per billed period, or void invoice line, that begins in a pause of its contract.
-- A bill that a pause makes void is for the days of its period, though the pause ends before them.
-- paused_before_arr is what was paused on the day before, too: it should not have been billed. What
-- is paused only from the first day of a period on may have been billed before.
{% set tomorrow = 'cast(' ~ dbt.dateadd('day', 1, as_of_date()) ~ ' as date)' %}

with lines as (
    select
        source_system,
        invoice_line_id,
        contract_id,
        is_billed,
        earned_from,
        least(earned_to, {{ tomorrow }}) as end_day,
        {{ dbt.dateadd('day', -1, 'earned_from') }} as day_before,
        implied_arr
    from {{ ref('int_tie_out_lines') }}
    where
        not is_proration
        and implied_arr > 0
),

intervals as (
    select
        source_system,
        subscription_item_id,
        subscription_id,
        contract_account_id,
        valid_from,
        coalesce(valid_to, cast('9999-12-31' as date)) as valid_to,
        currency,
        is_billable,
        net_annual_amount
    from {{ ref('int_arr_line_intervals') }}
    where is_paused
),

contracts as (
    select
        source_system,
        subscription_id,
        contract_account_id,
        contract_id
    from {{ ref('int_tie_out_contracts') }}
),

pauses as (
    select
        contracts.contract_id,
        intervals.source_system,
        intervals.subscription_item_id,
        intervals.valid_from,
        intervals.valid_to,
        case
            when intervals.is_billable then 0
            else intervals.net_annual_amount * cast(plan_rates.plan_rate as double)
        end as paused_arr
    from intervals
    inner join contracts
        on
            intervals.source_system = contracts.source_system
            and intervals.subscription_id = contracts.subscription_id
            and intervals.contract_account_id = contracts.contract_account_id
    left outer join {{ ref('int_fx_plan_rates') }} as plan_rates
        on intervals.currency = plan_rates.currency
),

voids as (
    select distinct
        lines.source_system,
        lines.invoice_line_id,
        lines.contract_id,
        lines.earned_from,
        lines.end_day,
        lines.implied_arr
    from lines
    inner join pauses
        on
            lines.source_system = pauses.source_system
            and lines.contract_id = pauses.contract_id
            and lines.earned_from >= pauses.valid_from
            and lines.earned_from <= pauses.valid_to
    where not lines.is_billed
),

periods as (
    select distinct
        source_system,
        contract_id,
        earned_from,
        end_day,
        day_before
    from lines
    where is_billed
),

bills as (
    select
        periods.source_system,
        periods.contract_id,
        periods.earned_from,
        periods.end_day,
        sum(pauses.paused_arr) as paused_arr
    from periods
    inner join pauses
        on
            periods.source_system = pauses.source_system
            and periods.contract_id = pauses.contract_id
            and periods.earned_from >= pauses.valid_from
            and periods.earned_from < pauses.valid_to
    inner join pauses as before
        on
            pauses.source_system = before.source_system
            and pauses.subscription_item_id = before.subscription_item_id
            and periods.day_before >= before.valid_from
            and periods.day_before < before.valid_to
    group by
        periods.source_system,
        periods.contract_id,
        periods.earned_from,
        periods.end_day
),

final as (
    select
        source_system,
        contract_id,
        'void ' || invoice_line_id as bill_id,
        earned_from as first_day,
        end_day,
        implied_arr as void_in_pause_arr,
        0 as paused_before_arr
    from voids
    where earned_from < end_day
    union all
    select
        source_system,
        contract_id,
        'bill ' || cast(earned_from as varchar) || ' ' || cast(end_day as varchar) as bill_id,
        earned_from as first_day,
        end_day,
        0 as void_in_pause_arr,
        cast(paused_arr as decimal(28, 8)) as paused_before_arr
    from bills
    where earned_from < end_day
)

select * from final
