-- Grain: one row per version of the health score, segment, lifecycle stage and measure.
-- The seeds say what holds for all and what holds for some; this says what holds for each. A row
-- that names the segment and the stage wins, then one with the segment, then one with the stage.
with versions as (
    select
        health_version,
        effective_from,
        coalesce(
            lead(effective_from) over (order by effective_from), cast('9999-12-31' as date)
        ) as effective_to
    from {{ ref('health_versions') }}
),

groups as (
    select
        health_version,
        segment,
        lifecycle_stage,
        group_name,
        weight,
        label
    from {{ ref('health_groups') }}
),

measures as (
    select
        health_version,
        segment,
        lifecycle_stage,
        measure,
        group_name,
        weight,
        zero_at,
        hundred_at,
        stale_after_days,
        learned_on,
        unit,
        label,
        sentence,
        never_sentence
    from {{ ref('health_measures') }}
),

cells as (
    select distinct
        coalesce(segment, '') as segment,
        lifecycle_stage
    from {{ ref('fct_account_health_input_day') }}
),

group_cells as (
    select
        cells.segment,
        cells.lifecycle_stage,
        groups.health_version,
        groups.group_name,
        groups.weight,
        groups.label
    from cells
    inner join groups
        on
            cells.segment = coalesce(groups.segment, cells.segment)
            and cells.lifecycle_stage = coalesce(groups.lifecycle_stage, cells.lifecycle_stage)
    qualify
        row_number() over (
            partition by
                groups.health_version, cells.segment, cells.lifecycle_stage, groups.group_name
            order by
                case when groups.segment is null then 1 else 0 end,
                case when groups.lifecycle_stage is null then 1 else 0 end
        ) = 1
),

measure_cells as (
    select
        cells.segment,
        cells.lifecycle_stage,
        measures.health_version,
        measures.measure,
        measures.group_name,
        measures.weight,
        measures.zero_at,
        measures.hundred_at,
        measures.stale_after_days,
        measures.learned_on,
        measures.unit,
        measures.label,
        measures.sentence,
        measures.never_sentence
    from cells
    inner join measures
        on
            cells.segment = coalesce(measures.segment, cells.segment)
            and cells.lifecycle_stage
            = coalesce(measures.lifecycle_stage, cells.lifecycle_stage)
    qualify
        row_number() over (
            partition by
                measures.health_version, cells.segment, cells.lifecycle_stage, measures.measure
            order by
                case when measures.segment is null then 1 else 0 end,
                case when measures.lifecycle_stage is null then 1 else 0 end
        ) = 1
),

weighted as (
    select
        measure_cells.*,
        group_cells.weight as group_weight,
        group_cells.label as group_label,
        sum(measure_cells.weight) over in_group as weight_in_group,
        row_number() over in_group_by_name as number_in_group
    from measure_cells
    inner join group_cells
        on
            measure_cells.health_version = group_cells.health_version
            and measure_cells.segment = group_cells.segment
            and measure_cells.lifecycle_stage = group_cells.lifecycle_stage
            and measure_cells.group_name = group_cells.group_name
    where
        measure_cells.weight > 0
        and group_cells.weight > 0
    window
        in_group as (
            partition by
                measure_cells.health_version,
                measure_cells.segment,
                measure_cells.lifecycle_stage,
                measure_cells.group_name
        ),
        in_group_by_name as (
            partition by
                measure_cells.health_version,
                measure_cells.segment,
                measure_cells.lifecycle_stage,
                measure_cells.group_name
            order by measure_cells.measure
        )
),

final as (
    select
        weighted.health_version,
        weighted.segment,
        weighted.lifecycle_stage,
        weighted.measure,
        weighted.group_name,
        weighted.group_label,
        weighted.group_weight,
        weighted.weight as measure_weight,
        -- Share in the score while everything is known.
        cast(
            cast(weighted.weight as double) / weighted.weight_in_group
            * weighted.group_weight
            / sum(
                case when weighted.number_in_group = 1 then weighted.group_weight end
            ) over (
                partition by
                    weighted.health_version, weighted.segment, weighted.lifecycle_stage
            ) as decimal(18, 12)
        ) as nominal_weight,
        weighted.zero_at,
        weighted.hundred_at,
        weighted.stale_after_days,
        weighted.learned_on,
        weighted.unit,
        weighted.label,
        weighted.sentence,
        weighted.never_sentence,
        versions.effective_from,
        versions.effective_to
    from weighted
    inner join versions
        on weighted.health_version = versions.health_version
)

select * from final
