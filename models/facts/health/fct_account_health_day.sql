-- Grain: one row per account and day under contract: its health score as it stood that day.
-- Only what was known at the end of the day counts. The score is the one computed; what is shown
-- is an override while one is in force.
with days as (
    select
        account_id,
        date_day,
        segment,
        lifecycle_stage,
        csm_id
    from {{ ref('fct_account_health_input_day') }}
),

group_days as (
    select
        account_id,
        date_day,
        health_version,
        group_weight,
        group_score,
        coverage
    from {{ ref('fct_account_health_group_day') }}
),

versions as (
    select
        health_version,
        effective_from,
        coalesce(
            lead(effective_from) over (order by effective_from), cast('9999-12-31' as date)
        ) as effective_to
    from {{ ref('health_versions') }}
),

bands as (
    select
        health_version,
        band,
        up_to,
        lag(up_to) over (partition by health_version order by up_to) as above
    from {{ ref('health_bands') }}
),

overrides as (
    select
        account_id,
        score,
        author,
        reason,
        valid_from,
        expires_on
    from {{ ref('fct_health_override') }}
),

scores as (
    select
        account_id,
        date_day,
        health_version,
        least(sum(coverage), 1) as coverage,
        cast(
            cast(sum(group_weight * group_score) as double) / sum(group_weight)
            as decimal(11, 8)
        ) as score
    from group_days
    group by
        account_id,
        date_day,
        health_version
),

overridden as (
    select
        days.account_id,
        days.date_day,
        overrides.score,
        overrides.author,
        overrides.reason,
        overrides.expires_on
    from days
    inner join overrides
        on
            days.account_id = overrides.account_id
            and days.date_day >= overrides.valid_from
            and (overrides.expires_on is null or days.date_day < overrides.expires_on)
    qualify
        row_number() over (
            partition by days.account_id, days.date_day
            order by overrides.valid_from desc, overrides.author asc, overrides.score asc
        ) = 1
),

joined as (
    select
        days.account_id,
        days.date_day,
        days.segment,
        days.lifecycle_stage,
        days.csm_id,
        versions.health_version,
        scores.score,
        coalesce(scores.coverage, 0) as coverage,
        scores.score - week_ago.score as trend_7d,
        scores.score - month_ago.score as trend_30d,
        scores.score - quarter_ago.score as trend_90d,
        overridden.score as override_score,
        overridden.author as override_author,
        overridden.reason as override_reason,
        overridden.expires_on as override_expires_on,
        coalesce(overridden.score, scores.score) as displayed_score,
        coalesce(scores.coverage, 0) >= {{ var('min_health_coverage') }} as is_known
    from days
    inner join versions
        on
            days.date_day >= versions.effective_from
            and days.date_day < versions.effective_to
    left outer join scores
        on
            days.account_id = scores.account_id
            and days.date_day = scores.date_day
            and versions.health_version = scores.health_version
    {%- for name, back in [('week_ago', 7), ('month_ago', 30), ('quarter_ago', 90)] %}
    left outer join scores as {{ name }}
        on
            days.account_id = {{ name }}.account_id
            and {{ add_days('days.date_day', -back) }} = {{ name }}.date_day
            and versions.health_version = {{ name }}.health_version
    {%- endfor %}
    left outer join overridden
        on
            days.account_id = overridden.account_id
            and days.date_day = overridden.date_day
),

final as (
    select
        joined.account_id,
        joined.date_day,
        joined.segment,
        joined.lifecycle_stage,
        joined.csm_id,
        joined.health_version,
        cast(joined.score as double) as score,
        cast(joined.coverage as double) as coverage,
        case when joined.is_known then computed.band else 'unknown' end as band,
        cast(joined.displayed_score as double) as displayed_score,
        case
            when joined.override_score is null and not joined.is_known then 'unknown'
            else displayed.band
        end as displayed_band,
        cast(joined.trend_7d as double) as trend_7d,
        cast(joined.trend_30d as double) as trend_30d,
        cast(joined.trend_90d as double) as trend_90d,
        cast(joined.override_score as double) as override_score,
        joined.override_author,
        joined.override_reason,
        joined.override_expires_on
    from joined
    left outer join bands as computed
        on
            joined.health_version = computed.health_version
            and joined.score <= computed.up_to
            and joined.score > coalesce(computed.above, -1)
    left outer join bands as displayed
        on
            joined.health_version = displayed.health_version
            and joined.displayed_score <= displayed.up_to
            and joined.displayed_score > coalesce(displayed.above, -1)
)

select * from final
