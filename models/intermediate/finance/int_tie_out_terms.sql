-- Grain: one row per contract and stretch of days in which its ARR changes: a billed period or the
-- term of a subscription. What a bill that is spread evenly over all of it would bill for a year.
-- A ramp of 12, 24 and 36 that is billed in advance has 24 in each year: none of its years ties,
-- the whole does. Steps that are agreed and lie ahead belong to it.
with lines as (
    select
        source_system,
        contract_id,
        earned_from,
        earned_to
    from {{ ref('int_tie_out_lines') }}
    where
        is_billed
        and is_whole_period
),

contracts as (
    select
        source_system,
        subscription_id,
        contract_account_id,
        contract_id
    from {{ ref('int_tie_out_contracts') }}
),

subscriptions as (
    select
        source_system,
        subscription_id,
        term_start,
        term_end
    from {{ ref('int_billing_subscriptions') }}
    where term_start < term_end
),

plan_rates as (
    select
        currency,
        plan_rate
    from {{ ref('int_fx_plan_rates') }}
),

stretches as (
    select
        source_system,
        contract_id,
        earned_from as first_day,
        earned_to as end_day
    from lines
    union
    select
        contracts.source_system,
        contracts.contract_id,
        subscriptions.term_start as first_day,
        subscriptions.term_end as end_day
    from contracts
    inner join subscriptions
        on
            contracts.source_system = subscriptions.source_system
            and contracts.subscription_id = subscriptions.subscription_id
),

versions as (
    select
        source_system,
        subscription_id,
        contract_account_id,
        valid_from,
        coalesce(valid_to, cast('9999-12-31' as date)) as valid_to,
        currency,
        arr_local
    from {{ ref('int_arr_line_intervals') }}
    {%- if source_is_on('billing', 'files') %}
    union all
    select
        source_system,
        subscription_id,
        contract_account_id,
        valid_from,
        valid_to,
        currency,
        arr_local
    from {{ ref('int_tie_out_lines_ahead') }}
    {%- endif %}
),

pieces as (
    select
        stretches.*,
        greatest(versions.valid_from, stretches.first_day) as piece_from,
        least(versions.valid_to, stretches.end_day) as piece_to,
        versions.arr_local * plan_rates.plan_rate as arr
    from stretches
    inner join contracts
        on
            stretches.source_system = contracts.source_system
            and stretches.contract_id = contracts.contract_id
    inner join versions
        on
            contracts.source_system = versions.source_system
            and contracts.subscription_id = versions.subscription_id
            and contracts.contract_account_id = versions.contract_account_id
            and stretches.first_day < versions.valid_to
            and stretches.end_day > versions.valid_from
    inner join plan_rates
        on versions.currency = plan_rates.currency
    union all
    select
        *,
        first_day as piece_from,
        end_day as piece_to,
        null as arr
    from stretches
),

measured as (
    select
        *,
        {{ years_between('piece_from', 'piece_to') }} as years
    from pieces
),

final as (
    select
        source_system,
        contract_id,
        first_day,
        end_day,
        cast(
            sum(arr * years) / max(case when arr is null then years end) as decimal(28, 8)
        ) as even_arr
    from measured
    group by
        source_system,
        contract_id,
        first_day,
        end_day
    having max(arr) <> min(arr)
)

select * from final
