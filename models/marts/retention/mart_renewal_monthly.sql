-- Grain: one row per due_month, segment_type and segment_value.
-- Early and late renewals count for the month in which they were due.
with renewals as (
    select
        due_month,
        atr,
        renewed_arr,
        renewed_atr,
        timing,
        outcome,
        segment,
        plan,
        product,
        region,
        country,
        industry,
        size_band,
        csm_id,
        start_year
    from {{ ref('fct_renewal') }}
),

cuts as (
    select
        due_month,
        {{ segment_keys() }},
        count(*) as terms,
        count_if(outcome in ('renewed', 'expanded', 'contracted')) as renewed_terms,
        count_if(outcome = 'pending') as pending_terms,
        sum(atr) as available_to_renew,
        sum(coalesce(renewed_atr, 0)) as renewed_atr,
        sum(coalesce(renewed_arr, 0)) as renewed_arr,
        sum(case when timing = 'early' then renewed_atr else 0 end) as early_atr,
        sum(case when timing = 'late' then renewed_atr else 0 end) as late_atr,
        sum(case when outcome = 'pending' then atr else 0 end) as pending_atr
    from renewals
    group by {{ segment_grouping_sets(['due_month']) }}
),

final as (
    select
        due_month,
        segment_type,
        segment_value,
        cast(terms as bigint) as terms,
        cast(renewed_terms as bigint) as renewed_terms,
        cast(available_to_renew as decimal(18, 2)) as available_to_renew,
        cast(renewed_atr as decimal(18, 2)) as renewed_atr,
        cast(renewed_arr as decimal(18, 2)) as renewed_arr,
        cast(early_atr as decimal(18, 2)) as early_atr,
        cast(late_atr as decimal(18, 2)) as late_atr,
        cast(pending_atr as decimal(18, 2)) as pending_atr,
        case
            when pending_terms = 0
                then cast(renewed_atr / nullif(available_to_renew, 0) as double)
        end as renewal_rate,
        case
            when pending_terms = 0
                then cast(renewed_arr / nullif(available_to_renew, 0) as double)
        end as net_renewal_rate,
        case when pending_terms = 0 then cast(renewed_terms as double) / nullif(terms, 0) end
            as renewal_rate_terms,
        pending_terms = 0 as is_complete,
        '{{ metric_policy() }}' as metric_policy
    from cuts
)

select * from final
