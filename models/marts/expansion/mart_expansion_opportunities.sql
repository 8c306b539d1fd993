-- Grain: one row per account and expansion signal that is open at the as-of date.
-- The estimate is what the expansion is worth if it comes: the users beyond the seats at the ARR
-- per seat, or ARR today x the median growth of those who expanded within 180 days of the same
-- signal. Ranked by estimate x the share that expanded. Signals of one account overlap: their
-- estimates do not add up. What is not known suppresses nothing.
with spells as (
    select
        account_id,
        signal,
        opened_on,
        opened_value,
        last_value
    from {{ ref('fct_expansion_signal_spell') }}
    where is_open
),

signals as (
    select
        signal,
        requirement,
        label,
        unit,
        sentence,
        next_action,
        estimate
    from {{ ref('expansion_signals') }}
),

records as (
    select
        signal,
        expansion_rate,
        lift,
        median_growth
    from {{ ref('mart_expansion_signals') }}
    where horizon_days = 180
),

accounts as (
    select
        account_id,
        account_name,
        segment,
        csm_id,
        csm_name
    from {{ ref('dim_account') }}
),

revenue as (
    select
        account_id,
        arr
    from {{ ref('fct_account_revenue') }}
),

health_days as (
    select
        account_id,
        band,
        displayed_band
    from {{ ref('fct_account_health_day') }}
    where date_day = {{ as_of_date() }}
),

inputs as (
    select
        account_id,
        open_escalations,
        days_past_due,
        cancel_requested
    from {{ ref('fct_account_health_input_day') }}
    where date_day = {{ as_of_date() }}
),

joined as (
    select
        spells.account_id,
        accounts.account_name,
        accounts.segment,
        accounts.csm_id,
        accounts.csm_name,
        spells.signal,
        signals.label,
        signals.requirement,
        signals.next_action,
        signals.estimate as estimate_method,
        spells.opened_on,
        spells.last_value as evidence_value,
        records.expansion_rate,
        records.lift,
        revenue.arr,
        health_days.band as health_band,
        replace(
            signals.sentence,
            '{value}',
            {{ written_value('coalesce(spells.last_value, spells.opened_value)', 'signals.unit') }}
        )
        || case when spells.last_value is null then ' when it opened; not known today' else '' end
            as evidence,
        case
            when signals.estimate = 'past_expansions' then records.median_growth
            when spells.last_value > 1 then spells.last_value - 1
            when spells.last_value <= 1 then 0
        end as growth,
        case
            when 'red' in (health_days.band, health_days.displayed_band) then 'health is red; '
            else ''
        end
        || case when inputs.open_escalations > 0 then 'escalation open; ' else '' end
        || case when inputs.days_past_due > 0 then 'invoice past due; ' else '' end
        || case when inputs.cancel_requested > 0 then 'cancellation requested; ' else '' end
            as reasons
    from spells
    inner join signals
        on spells.signal = signals.signal
    left outer join records
        on spells.signal = records.signal
    left outer join accounts
        on spells.account_id = accounts.account_id
    left outer join revenue
        on spells.account_id = revenue.account_id
    left outer join health_days
        on spells.account_id = health_days.account_id
    left outer join inputs
        on spells.account_id = inputs.account_id
),

estimated as (
    select
        *,
        cast(arr * growth as decimal(18, 2)) as estimated_arr,
        cast(arr * growth * expansion_rate as decimal(18, 2)) as expected_arr,
        reasons = '' as is_ranked
    from joined
),

ranked as (
    select
        *,
        row_number() over (
            partition by is_ranked
            order by
                expected_arr desc nulls last,
                arr desc nulls last,
                account_id asc,
                signal asc
        ) as place
    from estimated
),

final as (
    select
        account_id,
        account_name,
        segment,
        csm_id,
        csm_name,
        cast(signal as varchar) as signal,
        cast(label as varchar) as label,
        cast(requirement as varchar) as requirement,
        opened_on,
        cast({{ days_between('opened_on', as_of_date()) }} as bigint) as days_open,
        cast(evidence as varchar) as evidence,
        evidence_value,
        cast(arr as decimal(18, 2)) as arr,
        estimated_arr,
        cast(estimate_method as varchar) as estimate_method,
        expansion_rate,
        lift,
        expected_arr,
        health_band,
        case when not is_ranked then left(reasons, length(reasons) - 2) end as suppressed_reason,
        cast(case when is_ranked then place end as bigint) as rank,
        cast(next_action as varchar) as next_action,
        {{ as_of_date() }} as as_of_date
    from ranked
)

select * from final
