-- Grain: one row per due_window, segment_type and segment_value: terms that end in the next year.
with terms as (
    select
        case
            when days_to_go <= 90 then '0-90'
            when days_to_go <= 180 then '91-180'
            else '181-365'
        end as due_window,
        atr,
        renewed_atr,
        case when notice_on is null then renewal_rate else 0 end as renewal_rate,
        observed_terms,
        (outcome = 'pending') as is_open,
        is_at_risk,
        is_prepared,
        notice_on,
        {{ each_column(segment_columns().values(), '@') }}
    from {{ ref('mart_renewal_calendar') }}
    where days_to_go between 1 and 365
),

cuts as (
    select
        due_window,
        {{ segment_keys() }},
        count(*) as terms,
        sum(atr) as atr,
        sum(coalesce(renewed_atr, 0)) as renewed_atr,
        count_if(is_open) as open_terms,
        sum(case when is_open then atr else 0 end) as open_atr,
        sum(case when is_at_risk then atr else 0 end) as at_risk_arr,
        sum(case when is_at_risk is null then atr else 0 end) as risk_unknown_arr,
        sum(case when is_open and notice_on is not null then atr else 0 end) as notice_arr,
        sum(case when is_open and renewal_rate is null then atr else 0 end) as unrated_atr,
        sum(case when is_open then atr * renewal_rate else renewed_atr end) as expected,
        min(observed_terms) as observed_terms,
        count_if(is_open and coalesce(is_prepared, false)) as prepared_terms,
        count_if(is_open and not coalesce(is_prepared, true)) as unprepared_terms
    from terms
    group by {{ segment_grouping_sets(['due_window']) }}
),

final as (
    select
        due_window,
        segment_type,
        segment_value,
        cast(terms as bigint) as terms,
        cast(atr as decimal(18, 2)) as atr,
        cast(renewed_atr as decimal(18, 2)) as renewed_atr,
        cast(open_terms as bigint) as open_terms,
        cast(open_atr as decimal(18, 2)) as open_atr,
        cast(at_risk_arr as decimal(18, 2)) as at_risk_arr,
        cast(risk_unknown_arr as decimal(18, 2)) as risk_unknown_arr,
        cast(notice_arr as decimal(18, 2)) as notice_arr,
        cast(expected as decimal(18, 2)) as expected_of_rated,
        cast(case when unrated_atr = 0 then expected end as decimal(18, 2)) as expected,
        cast(unrated_atr as decimal(18, 2)) as unrated_atr,
        cast(observed_terms as bigint) as observed_terms,
        cast(prepared_terms as bigint) as prepared_terms,
        cast(unprepared_terms as bigint) as unprepared_terms,
        {{ as_of_date() }} as as_of_date,
        '{{ metric_policy() }}' as metric_policy
    from cuts
)

select * from final
