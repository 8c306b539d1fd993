{#
    Kaplan-Meier: the share that is still there at each time, with the half width of its 95 % band on
    the log-log scale (Greenwood's variance). CTEs `summed` and `banded`, of a relation `lives` with a
    row per segment_type, segment_value and `time`: `at_risk`, and how many of them had the `event`.
    The band is from exp(log_survival * exp(half_width)) to exp(log_survival * exp(-half_width)).
#}
{% macro kaplan_meier(lives, time, event) -%}
{%- set z = 1.959963984540054 -%}
-- The logarithm of a product that has become 0 is not defined: such times are marked instead.
summed as (
    select
        *,
        sum(case when {{ event }} < at_risk then ln(1 - cast({{ event }} as double) / at_risk) else 0 end)
            over so_far as log_survival,
        sum(
            case
                when {{ event }} < at_risk
                    then cast({{ event }} as double) / at_risk / (at_risk - {{ event }})
                else 0
            end
        ) over so_far as greenwood_sum,
        bool_or({{ event }} = at_risk) over so_far as is_extinct
    from {{ lives }}
    window so_far as (
        partition by segment_type, segment_value
        order by {{ time }}
    )
),

banded as (
    select
        *,
        case when is_extinct then 0 else exp(log_survival) end as survival,
        case
            when log_survival < 0 and not is_extinct
                then {{ z }} * sqrt(greenwood_sum) / -log_survival
        end as half_width
    from summed
),
{%- endmacro %}
