-- Grain: one row per account, signal and first day of a run of days with the same verdict.
-- Of risk and of expansion signals. Verdict of a day: `open` at or beyond the limit that opens the
-- signal, `close` at or beyond the limit that closes it, `neither` between the two or without
-- enough volume, `missing` without a value.
{%- set health_measures = health_input_measures() %}
{%- set risk_measures = risk_input_measures() %}
{%- set measures = health_measures + risk_measures %}

with signals as (
    {% for seed in ['risk_signals', 'expansion_signals'] -%}
    select
        signal,
        measure,
        volume_measure,
        case direction when 'below' then -1 else 1 end as sign,
        cast(open_at as double) as open_at,
        cast(close_at as double) as close_at,
        cast(volume_at_least as double) as volume_at_least
    from {{ ref(seed) }}
    {%- if not loop.last %}
    union all
    {% endif -%}
    {% endfor %}
),

{{ risk_input_ctes(health_measures, risk_measures) }},

-- Days with as many days without contract before them belong together: after a gap between
-- contracts everything begins anew.
numbered as (
    select
        account_id,
        date_day,
        {{ days_between("cast('2000-01-01' as date)", 'date_day') }}
        - row_number() over (partition by account_id order by date_day) as days_without
    from inputs
),

stretches as (
    select
        account_id,
        min(date_day) as contract_from,
        max(date_day) as contract_to,
        row_number() over (partition by account_id order by days_without) as stretch
    from numbered
    group by
        account_id,
        days_without
),

-- Each day beside the day before, if that was in the contract too. A run begins where their
-- verdicts differ: that is cheaper than to sort every verdict.
valued as (
    select
        today.account_id,
        today.date_day,
        signals.signal,
        signals.volume_at_least,
        signals.sign * signals.open_at as opens_from,
        signals.sign * signals.close_at as closes_from,
        {%- for day in ['today', 'day_before'] %}
        signals.sign
        * {{ value_of_measure('signals.measure', measures, day) }}
            as {{ day }}_value,
        {{ value_of_measure('signals.volume_measure', measures, day) }}
            as {{ day }}_volume,
        {%- endfor %}
        day_before.date_day is not null as has_day_before
    from inputs as today
    left outer join inputs as day_before
        on
            today.account_id = day_before.account_id
            and today.date_day = {{ add_days('day_before.date_day', 1) }}
    cross join signals
),

judged as (
    select
        account_id,
        date_day,
        signal,
        {%- for day in ['today', 'day_before'] %}
        case
            when
                {{ day }}_value >= opens_from
                and (volume_at_least is null or {{ day }}_volume >= volume_at_least)
                then 'open'
            when {{ day }}_value <= closes_from then 'close'
            when {{ day }}_value is null then 'missing'
            else 'neither'
        end as {{ day }}_verdict,
        {%- endfor %}
        has_day_before
    from valued
),

runs as (
    select
        judged.account_id,
        judged.signal,
        judged.date_day,
        judged.today_verdict,
        stretches.stretch,
        stretches.contract_to
    from judged
    inner join stretches
        on
            judged.account_id = stretches.account_id
            and judged.date_day between stretches.contract_from and stretches.contract_to
    where
        not judged.has_day_before
        or judged.day_before_verdict <> judged.today_verdict
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
        cast(today_verdict as varchar) as verdict,
        cast(stretch as bigint) as stretch,
        contract_to
    from runs
)

select * from final
