-- Grain: one row per expansion signal and horizon: of its openings, how many expanded?
-- Only what is decided counts: openings, and days without the signal, whose horizon is over. The
-- lift compares the two; it tells who expands, not why.
with signals as (
    select
        signal,
        label,
        requirement
    from {{ ref('expansion_signals') }}
),

asked as (
    {% for days in [90, 180] -%}
    select
        signal,
        is_opening,
        {{ days }} as horizon_days,
        expanded_{{ days }}d as is_expanded,
        cast(expansion_{{ days }}d_arr as double) / cast(arr as double) as growth
    from {{ ref('fct_expansion_signal_outcome') }}
    {%- if not loop.last %}
    union all
    {% endif -%}
    {% endfor %}
),

horizons as (
    {% for days in [90, 180] -%}
    select {{ days }} as horizon_days
    {%- if not loop.last %}
    union all
    {% endif -%}
    {% endfor %}
),

counted as (
    select
        signal,
        horizon_days,
        count_if(is_opening and is_expanded is not null) as openings,
        count_if(is_opening and is_expanded) as expanded,
        count_if(is_opening and is_expanded is null) as pending,
        count_if(not is_opening and is_expanded is not null) as days_without,
        count_if(not is_opening and is_expanded) as days_without_expanded,
        median(case when is_opening and is_expanded then growth end) as median_growth
    from asked
    group by
        signal,
        horizon_days
),

whole as (
    select
        signals.signal,
        signals.label,
        signals.requirement,
        horizons.horizon_days,
        {{ each_column(
            ['openings', 'expanded', 'pending', 'days_without', 'days_without_expanded'],
            'coalesce(counted.@, 0) as @'
        ) }},
        counted.median_growth
    from signals
    cross join horizons
    left outer join counted
        on
            signals.signal = counted.signal
            and horizons.horizon_days = counted.horizon_days
),

rated as (
    select
        *,
        cast(expanded as double) / nullif(openings, 0) as expansion_rate,
        cast(days_without_expanded as double) / nullif(days_without, 0) as base_rate
    from whole
),

final as (
    select
        cast(signal as varchar) as signal,
        cast(horizon_days as bigint) as horizon_days,
        cast(label as varchar) as label,
        cast(requirement as varchar) as requirement,
        {{ each_column(
            ['openings', 'expanded', 'pending', 'days_without', 'days_without_expanded'],
            'cast(@ as bigint) as @'
        ) }},
        expansion_rate,
        {%- for name, sign in [('low', '-'), ('high', '+')] %}
        case
            when openings > 0 then round({{ wilson_bound('expanded', 'openings', sign) }}, 8)
        end as ci_{{ name }},
        {%- endfor %}
        base_rate,
        expansion_rate / nullif(base_rate, 0) as lift,
        {%- for name, sign in [('low', '-'), ('high', '+')] %}
        round(
            {{ risk_ratio_bound(
                'expanded', 'openings', 'days_without_expanded', 'days_without', sign
            ) }}, 8
        ) as lift_ci_{{ name }},
        {%- endfor %}
        case
            when expanded >= {{ var('expansion_least_expanded') }} then median_growth
        end as median_growth,
        {{ as_of_date() }} as as_of_date
    from rated
)

select * from final
