-- Grain: one row per account, signal and first day of a run of days with the same verdict.
-- Verdict of a day: `open` at or beyond the limit that opens the signal, `close` at or beyond the
-- limit that closes it, `neither` between the two or without enough volume, `missing` without a
-- value.
{%- set health_measures = health_input_measures() %}
{%- set risk_measures = risk_input_measures() %}

with signals as (
    select
        signal,
        measure,
        volume_measure,
        case direction when 'below' then -1 else 1 end as sign,
        cast(open_at as double) as open_at,
        cast(close_at as double) as close_at,
        cast(volume_at_least as double) as volume_at_least
    from {{ ref('risk_signals') }}
),

{{ risk_input_ctes(health_measures, risk_measures) }},

-- Days without a gap belong together: after a gap between contracts everything begins anew.
followed as (
    select
        account_id,
        date_day,
        lag(date_day) over (partition by account_id order by date_day) as day_before
    from health_inputs
),

numbered as (
    select
        account_id,
        date_day,
        sum(case when {{ add_days('day_before', 1) }} = date_day then 0 else 1 end) over (
            partition by account_id
            order by date_day
            rows between unbounded preceding and current row
        ) as stretch
    from followed
),

stretches as (
    select
        account_id,
        date_day,
        stretch,
        max(date_day) over (partition by account_id, stretch) as contract_to
    from numbered
),

valued as (
    select
        health_inputs.account_id,
        health_inputs.date_day,
        signals.signal,
        stretches.stretch,
        stretches.contract_to,
        signals.volume_at_least,
        signals.sign * signals.open_at as opens_from,
        signals.sign * signals.close_at as closes_from,
        signals.sign
        * {{ value_of_measure('signals.measure', health_measures, risk_measures) }}
            as signed_value,
        {{ value_of_measure('signals.volume_measure', health_measures, risk_measures) }}
            as volume
    from health_inputs
    inner join stretches
        on
            health_inputs.account_id = stretches.account_id
            and health_inputs.date_day = stretches.date_day
    left outer join risk_inputs
        on
            health_inputs.account_id = risk_inputs.account_id
            and health_inputs.date_day = risk_inputs.date_day
    cross join signals
),

judged as (
    select
        account_id,
        date_day,
        signal,
        stretch,
        contract_to,
        case
            when
                signed_value >= opens_from
                and (volume_at_least is null or volume >= volume_at_least)
                then 'open'
            when signed_value <= closes_from then 'close'
            when signed_value is null then 'missing'
            else 'neither'
        end as verdict
    from valued
),

compared as (
    select
        account_id,
        date_day,
        signal,
        stretch,
        contract_to,
        verdict,
        lag(verdict) over (
            partition by account_id, signal, stretch
            order by date_day
        ) as verdict_before
    from judged
),

final as (
    select
        account_id,
        cast(signal as varchar) as signal,
        date_day as first_day,
        coalesce(
            {{ add_days(
                'lead(date_day) over (partition by account_id, signal, stretch order by date_day)',
                -1
            ) }},
            contract_to
        ) as last_day,
        cast(verdict as varchar) as verdict,
        cast(stretch as bigint) as stretch,
        contract_to
    from compared
    where verdict_before is null or verdict_before <> verdict
)

select * from final
