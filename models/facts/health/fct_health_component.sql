-- Grain: one row per account under contract and measure of its health score, as of today.
-- What each measure is, what it gives and what it costs. Missing measures have a row too: they
-- cost nothing, and say what is not known. The reasons of a score are those that cost most.
with inputs as (
    select
        account_id,
        date_day,
        lifecycle_stage,
        days_since_touchpoint,
        days_since_qbr,
        coalesce(segment, '') as segment
    from {{ ref('fct_account_health_input_day') }}
    where date_day = {{ as_of_date() }}
),

settings as (
    select
        health_version,
        segment,
        lifecycle_stage,
        measure,
        group_name,
        group_label,
        nominal_weight,
        zero_at,
        hundred_at,
        unit,
        label,
        sentence,
        never_sentence
    from {{ ref('dim_health_measure') }}
    where
        effective_from <= {{ as_of_date() }}
        and effective_to > {{ as_of_date() }}
),

measured as (
    select
        account_id,
        health_version,
        measure,
        group_name,
        group_weight,
        measure_weight,
        raw_value,
        learned_on,
        measure_score
    from {{ ref('fct_account_health_measure_day') }}
    where date_day = {{ as_of_date() }}
),

group_days as (
    select
        account_id,
        health_version,
        group_name,
        observed_weight,
        sum(group_weight) over (partition by account_id, health_version)
            as observed_group_weight
    from {{ ref('fct_account_health_group_day') }}
    where date_day = {{ as_of_date() }}
),

weighted as (
    select
        measured.account_id,
        measured.health_version,
        measured.measure,
        measured.raw_value,
        measured.learned_on,
        cast(measured.measure_score as double) as measure_score,
        cast(measured.measure_weight as double) / group_days.observed_weight
        * measured.group_weight / group_days.observed_group_weight as weight
    from measured
    inner join group_days
        on
            measured.account_id = group_days.account_id
            and measured.health_version = group_days.health_version
            and measured.group_name = group_days.group_name
),

nevers as (
    {{ never_measures('inputs') }}
),

joined as (
    select
        inputs.account_id,
        inputs.date_day as as_of_date,
        settings.health_version,
        settings.measure,
        settings.group_name,
        settings.group_label,
        settings.label,
        settings.unit,
        settings.sentence,
        case when nevers.account_id is not null then settings.never_sentence end
            as never_sentence,
        settings.nominal_weight,
        settings.zero_at,
        settings.hundred_at,
        weighted.raw_value,
        weighted.learned_on,
        weighted.measure_score,
        coalesce(weighted.weight, 0) as weight,
        coalesce(weighted.weight * (100 - weighted.measure_score), 0) as points_lost,
        weighted.measure is null as is_missing
    from inputs
    inner join settings
        on
            inputs.segment = settings.segment
            and inputs.lifecycle_stage = settings.lifecycle_stage
    left outer join weighted
        on
            inputs.account_id = weighted.account_id
            and settings.health_version = weighted.health_version
            and settings.measure = weighted.measure
    left outer join nevers
        on
            inputs.account_id = nevers.account_id
            and settings.measure = nevers.measure
),

final as (
    select
        account_id,
        measure,
        group_name,
        group_label,
        label,
        raw_value,
        unit,
        learned_on,
        measure_score,
        weight,
        points_lost,
        case
            when points_lost > 0
                then row_number() over (
                    partition by account_id
                    order by points_lost desc, measure asc
                )
        end as reason_number,
        is_missing,
        case
            when is_missing then label || ': not known'
            else
                coalesce(
                    never_sentence,
                    replace(sentence, '{value}', {{ written_value('raw_value', 'unit') }})
                )
                || ' (full points at ' || {{ written_value('hundred_at', 'unit') }} || ')'
        end as sentence,
        cast(nominal_weight as double) as nominal_weight,
        cast(zero_at as double) as zero_at,
        cast(hundred_at as double) as hundred_at,
        health_version,
        as_of_date
    from joined
)

select * from final
