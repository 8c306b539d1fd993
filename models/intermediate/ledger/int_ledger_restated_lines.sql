-- Grain: one row per closed month and contract line at its end, as reported beside as known now.
-- The cause is read from what differs between the line as it was written to the ledger and the
-- line as it is known now. The first that holds is the cause:
-- 1. policy_change: a policy is another, and the line is one that it decides about. Had the policy
--    stayed, the line as it is known now would have other ARR.
-- 2. definition_change: it is another, and billing has delivered nothing about the subscription
--    since the close. 3. What became known. 4. definition_change, where the line is the same.
-- Two differences stand apart from these: that of the plan rate, and another account (move_cause).
{% set details = [
    'account_id', 'plan_id', 'quantity', 'unit_amount', 'currency', 'billing_interval',
    'interval_count', 'price_share', 'amount_off', 'status', 'is_paused', 'arr_local', 'arr',
] %}
{% set line = ['source_system', 'subscription_item_id', 'subscription_id'] %}
{% set prices = [
    'plan_id', 'quantity', 'unit_amount', 'currency', 'billing_interval', 'interval_count',
] %}

with reported as (
    select
        close_month,
        {{ each_column(line + details, '@') }},
        plan_rate
    from {{ ref('int_ledger_arr_lines') }}
),

definitions as (
    select
        close_month,
        closed_at,
        {{ each_column(metric_policies(), 'is_@_changed') }},
        is_definition_changed
    from {{ ref('int_ledger_definitions') }}
),

months as (
    select {{ each_column(['month', 'snapshot_on'], '@') }}
    from {{ ref('int_calendar_months') }}
),

intervals as (
    select {{ each_column(line + details + ['product_id', 'valid_from', 'valid_to'], '@') }}
    from {{ ref('int_arr_line_intervals') }}
),

renewed_early as (
    select
        {{ each_column([
            'source_system', 'subscription_id', 'product_id', 'renewed_on', 'ends_on',
        ], '@') }}
    from {{ ref('int_arr_successions') }}
    where is_certain
),

plan_rates as (
    select {{ each_column(['currency', 'plan_rate'], '@') }}
    from {{ ref('int_fx_plan_rates') }}
),

deliveries as (
    select {{ each_column(['source_system', 'subscription_id', 'delivered_at'], '@') }}
    from {{ ref('int_billing_deliveries') }}
),

parents as (
    select {{ each_column(['account_id', 'ultimate_parent_account_id'], '@') }}
    from {{ ref('int_crm_account_parents') }}
),

restated as (
    select
        definitions.close_month,
        {{ each_column(line + details, 'intervals.@') }},
        plan_rates.plan_rate,
        (
            select count(*)
            from renewed_early
            where
                intervals.source_system = renewed_early.source_system
                and intervals.subscription_id = renewed_early.subscription_id
                and intervals.product_id is not distinct from renewed_early.product_id
                and months.snapshot_on >= renewed_early.renewed_on
                and months.snapshot_on < renewed_early.ends_on
        ) > 0 as is_overlapped
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
        coalesce(restated.subscription_id, reported.subscription_id) as subscription_id,
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
        reported.subscription_item_id is not null
        and restated.subscription_item_id is not null
            as is_known_to_both,
        restated.is_paused,
        restated.is_overlapped,
        restated.status = 'past_due' as is_past_due,
        restated.currency <> '{{ var("reporting_currency") }}' as is_foreign,
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

judged as (
    select
        compared.*,
        definitions.is_definition_changed,
        definitions.is_arr_snapshot_point_changed
        or (
            compared.is_known_to_both
            and (
                (definitions.is_discount_policy_changed and compared.has_other_discount)
                or (definitions.is_delinquent_policy_changed and compared.is_past_due)
                or (definitions.is_pause_policy_changed and compared.is_paused)
                or (definitions.is_fx_mode_changed and compared.is_foreign)
                or (definitions.is_overlap_policy_changed and compared.is_overlapped)
            )
        ) as is_of_other_policy,
        -- What was never delivered again is what it was. The loader's times are newer than the
        -- close for all, where the warehouse was lost: then what differs is taken for news.
        deliveries.delivered_at > definitions.closed_at as is_delivered_since,
        definitions.is_customer_grain_changed
        and old_parents.ultimate_parent_account_id = new_parents.ultimate_parent_account_id
            as is_moved_in_group
    from compared
    inner join definitions
        on compared.close_month = definitions.close_month
    left outer join deliveries
        on
            compared.source_system = deliveries.source_system
            and compared.subscription_id = deliveries.subscription_id
    left outer join parents as old_parents
        on compared.reported_account_id = old_parents.account_id
    left outer join parents as new_parents
        on compared.restated_account_id = new_parents.account_id
),

final as (
    select
        {{ each_column([
            'close_month', 'source_system', 'subscription_item_id', 'reported_account_id',
            'restated_account_id', 'reported_arr', 'restated_arr', 'fx_difference',
        ], '@') }},
        case
            when is_of_other_policy then 'policy_change'
            when is_definition_changed and not is_delivered_since then 'definition_change'
            when is_found_since then 'backdated_start'
            when is_ended_since then 'backdated_cancellation'
            when has_other_status then 'changed_status'
            when has_other_price then 'changed_price_or_quantity'
            when has_other_discount then 'changed_discount'
            when is_definition_changed then 'definition_change'
            else 'unknown'
        end as cause,
        case
            when is_moved_in_group then 'policy_change'
            else 'account_merge_or_identity'
        end as move_cause
    from judged
)

select * from final
