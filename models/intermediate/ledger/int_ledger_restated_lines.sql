-- Grain: one row per closed month and contract line at its end, as reported beside as known now.
-- The cause is read from what differs between the line as it was written to the ledger and the
-- line as it is known now. A difference of the plan rate is told apart from all other causes.
{% set details = [
    'account_id', 'plan_id', 'quantity', 'unit_amount', 'currency', 'billing_interval',
    'interval_count', 'price_share', 'amount_off', 'status', 'is_paused', 'arr_local', 'arr',
] %}
{% set prices = [
    'plan_id', 'quantity', 'unit_amount', 'currency', 'billing_interval', 'interval_count',
] %}

with reported as (
    select
        close_month,
        source_system,
        subscription_item_id,
        {{ details | join(',\n        ') }},
        plan_rate
    from {{ ref('int_ledger_arr_lines') }}
),

definitions as (
    select
        close_month,
        metric_policy,
        is_definition_changed
    from {{ ref('int_ledger_definitions') }}
),

months as (
    select
        month,
        snapshot_on
    from {{ ref('int_calendar_months') }}
),

intervals as (
    select
        source_system,
        subscription_item_id,
        valid_from,
        valid_to,
        {{ details | join(',\n        ') }}
    from {{ ref('int_arr_line_intervals') }}
),

plan_rates as (
    select
        currency,
        plan_rate
    from {{ ref('int_fx_plan_rates') }}
),

restated as (
    select
        definitions.close_month,
        intervals.source_system,
        intervals.subscription_item_id,
        {{ each_column(details, 'intervals.@') }},
        plan_rates.plan_rate
    from definitions
    inner join months
        on definitions.close_month = months.month
    inner join intervals
        on
            months.snapshot_on >= intervals.valid_from
            and months.snapshot_on < coalesce(intervals.valid_to, cast('9999-12-31' as date))
    left outer join plan_rates
        on intervals.currency = plan_rates.currency
),

compared as (
    select
        coalesce(reported.close_month, restated.close_month) as close_month,
        coalesce(reported.source_system, restated.source_system) as source_system,
        coalesce(reported.subscription_item_id, restated.subscription_item_id)
            as subscription_item_id,
        reported.account_id as reported_account_id,
        restated.account_id as restated_account_id,
        coalesce(reported.arr, 0) as reported_arr,
        coalesce(restated.arr, 0) as restated_arr,
        {% if var('fx_mode') == 'as_booked' -%}
        cast(0 as decimal(18, 2)) as fx_difference,
        {%- else -%}
        coalesce(
            cast(reported.arr_local * restated.plan_rate as decimal(18, 2))
            - cast(reported.arr_local * reported.plan_rate as decimal(18, 2)),
            0
        ) as fx_difference,
        {%- endif %}
        reported.subscription_item_id is null as is_found_since,
        restated.subscription_item_id is null
        or (restated.status = 'canceled' and reported.status <> 'canceled')
            as is_ended_since,
        {{ other_columns(['status', 'is_paused'], 'reported', 'restated') }}
            as has_other_status,
        {{ other_columns(prices, 'reported', 'restated') }} as has_other_price,
        {{ other_columns(['price_share', 'amount_off'], 'reported', 'restated') }}
            as has_other_discount
    from reported
    full outer join restated
        on
            reported.close_month = restated.close_month
            and reported.source_system = restated.source_system
            and reported.subscription_item_id = restated.subscription_item_id
),

final as (
    select
        compared.close_month,
        compared.source_system,
        compared.subscription_item_id,
        compared.reported_account_id,
        compared.restated_account_id,
        compared.reported_arr,
        compared.restated_arr,
        compared.fx_difference,
        case
            when compared.is_found_since then 'backdated_start'
            when compared.is_ended_since then 'backdated_cancellation'
            when compared.has_other_status then 'changed_status'
            when compared.has_other_price then 'changed_price_or_quantity'
            -- The plan date is no cause of its own: what it moves is fx_plan_rate.
            when
                split_part(definitions.metric_policy, ', fx_plan_date=', 1)
                <> '{{ metric_policy().split(", fx_plan_date=")[0] }}'
                then 'policy_change'
            when compared.has_other_discount then 'changed_discount'
            when definitions.is_definition_changed then 'definition_change'
            else 'unknown'
        end as cause
    from compared
    inner join definitions
        on compared.close_month = definitions.close_month
)

select * from final
