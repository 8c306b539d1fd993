-- Grain: one row per signal (and all of them), segment_type and segment_value: of the risks that
-- were decided in the last twelve months, how many were saved?
with outcomes as (
    select
        signal,
        outcome,
        arr,
        {{ each_column(segment_columns().values(), '@') }}
    from {{ ref('fct_risk_signal_outcome') }}
    where
        outcome = 'pending'
        or decided_on > cast({{ dbt.dateadd('month', -12, as_of_date()) }} as date)
),

signals as (
    select
        signal,
        label,
        severity
    from {{ ref('risk_signals') }}
),

of_all as (
    select *
    from outcomes
    union all
    select
        'all' as signal,
        outcome,
        arr,
        {{ each_column(segment_columns().values(), '@') }}
    from outcomes
),

cuts as (
    select
        signal,
        {{ segment_keys() }},
        count_if(outcome <> 'pending') as decided,
        count_if(outcome = 'saved') as saved,
        count_if(outcome = 'lost') as lost,
        count_if(outcome = 'not_recovered') as not_recovered,
        count_if(outcome = 'no_data') as no_data,
        count_if(outcome = 'pending') as pending,
        sum(case when outcome <> 'pending' then arr else 0 end) as decided_arr,
        sum(case when outcome = 'saved' then arr else 0 end) as saved_arr
    from of_all
    group by {{ segment_grouping_sets(['signal']) }}
),

final as (
    select
        cuts.signal,
        cuts.segment_type,
        cuts.segment_value,
        cast(signals.label as varchar) as label,
        cast(signals.severity as varchar) as severity,
        {{ each_column(
            ['decided', 'saved', 'lost', 'not_recovered', 'no_data', 'pending'],
            'cast(cuts.@ as bigint) as @'
        ) }},
        cast(cuts.decided_arr as decimal(18, 2)) as decided_arr,
        cast(cuts.saved_arr as decimal(18, 2)) as saved_arr,
        cast(cuts.saved / nullif(cuts.decided, 0) as double) as save_rate,
        {{ as_of_date() }} as as_of_date,
        '{{ metric_policy() }}' as metric_policy
    from cuts
    left outer join signals
        on cuts.signal = signals.signal
)

select * from final
