-- Grain: one row per snapshot_type, predictor and bin of the chance of churn.
-- Of the accounts that were given a chance, how many left: a chance is right when the two agree. A
-- bin in which fewer than backtest_least_churned left and no more were foretold says nothing.
{%- set bounds = [0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 1] %}

with chances as (
    select
        snapshot_type,
        predictor,
        account_id,
        chance,
        is_churned,
        case
            {%- for bound in bounds[1:-1] %}
            when chance < {{ bound }} then {{ loop.index }}
            {%- endfor %}
            else {{ bounds | length - 1 }}
        end as bin
    from {{ ref('fct_health_calibration') }}
    where segment_type = 'total'
),

final as (
    select
        snapshot_type,
        predictor,
        cast(bin as bigint) as bin,
        case bin
            {%- for bound in bounds[:-1] %}
            when {{ loop.index }} then cast({{ bound }} as double)
            {%- endfor %}
        end as chance_from,
        case bin
            {%- for bound in bounds[1:] %}
            when {{ loop.index }} then cast({{ bound }} as double)
            {%- endfor %}
        end as chance_to,
        cast(count(*) as bigint) as snapshots,
        cast(count(distinct account_id) as bigint) as accounts,
        cast(count_if(is_churned) as bigint) as churned_snapshots,
        round(cast(sum(chance) as double) / count(*), 10) as mean_chance,
        case
            when
                greatest(cast(sum(chance) as double), count_if(is_churned))
                >= {{ var('backtest_least_churned') }}
                then cast(count_if(is_churned) as double) / count(*)
        end as churn_rate
    from chances
    group by
        snapshot_type,
        predictor,
        bin
)

select * from final
