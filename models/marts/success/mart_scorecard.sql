-- Grain: one row per month and benchmark of seed benchmarks: the target and what was reached.
{% set benchmarks = {
    'logo_retention': (
        'cohorts', 'count_if(is_logo and is_retained)', 'count_if(is_logo)'
    ),
    'gross_revenue_retention': ('cohorts', 'sum(retained_arr_capped)', 'sum(opening_arr)'),
    'expansion_of_book': ('years', 'sum(expansion_arr)', 'sum(opening_arr)'),
    'active_users': ('used', 'sum(active_users_28d)', 'sum(seats)'),
    'onboarding_on_time': ('onboarded', 'count_if(is_on_time)', 'count(*)'),
    'renewals_prepared': ('terms', 'count_if(is_prepared)', 'count(*)'),
    'touchpoints_held': (
        'touchpoints', 'sum(least(touchpoints_held, touchpoints_due))', 'sum(touchpoints_due)'
    ),
    'qbrs_held': ('reviews', 'sum(least(qbrs_held, qbrs_due))', 'sum(qbrs_due)'),
} %}

with account_months as (
    select
        account_id,
        month,
        snapshot_on,
        is_complete,
        opening_arr,
        closing_arr,
        expansion_arr
    from {{ ref('fct_account_month') }}
),

cohorts as (
    select
        month,
        opening_arr,
        retained_arr_capped,
        is_retained,
        is_logo
    from {{ ref('fct_account_retention_month') }}
),

usage_days as (
    select
        account_id,
        usage_date,
        active_users_28d,
        seats
    from {{ ref('fct_account_usage_day') }}
    where seats > 0
),

-- How far an account had come when its first 30 days were over.
onboarded as (
    select
        cast({{ dbt.date_trunc('month', add_days('started_on', 30)) }} as date) as month,
        is_on_time
    from {{ ref('fct_onboarding') }}
    where is_on_time is not null
),

terms as (
    select
        cast({{ dbt.date_trunc('month', 'due_on') }} as date) as month,
        is_prepared
    from {{ ref('fct_renewal_preparation') }}
    where
        due_on <= {{ as_of_date() }}
        and is_prepared is not null
),

touchpoints as (
    select
        month,
        touchpoints_due,
        touchpoints_held
    from {{ ref('fct_account_care_month') }}
    where touchpoints_held is not null
),

-- Over three months, all of them known: a review held early is one of its quarter.
reviews as (
    select
        month,
        case
            when count(qbrs_held) over recent = count(*) over recent
                then sum(qbrs_due) over recent
        end as qbrs_due,
        case
            when count(qbrs_held) over recent = count(*) over recent
                then sum(qbrs_held) over recent
        end as qbrs_held
    from {{ ref('fct_account_care_month') }}
    window recent as (
        partition by account_id
        order by month
        rows between 2 preceding and current row
    )
),

months as (
    select
        month,
        is_complete,
        sum(opening_arr) as opening_arr,
        sum(expansion_arr) as expansion_arr
    from account_months
    group by
        month,
        is_complete
),

years as (
    select
        month,
        sum(expansion_arr) over (
            order by month
            rows between 11 preceding and current row
        ) as expansion_arr,
        lag(opening_arr, 11) over (order by month) as opening_arr
    from months
),

used as (
    select
        account_months.month,
        usage_days.active_users_28d,
        usage_days.seats
    from account_months
    inner join usage_days
        on
            account_months.account_id = usage_days.account_id
            and account_months.snapshot_on = usage_days.usage_date
    where
        account_months.closing_arr > 0
        and usage_days.active_users_28d is not null
),

-- Each benchmark as what was reached of how much.
parts as (
    {%- for benchmark, (relation, reached, of_how_much) in benchmarks.items() %}
    select
        month,
        '{{ benchmark }}' as benchmark,
        cast({{ reached }} as double) as reached,
        cast({{ of_how_much }} as double) as of_how_much
    from {{ relation }}
    group by month
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

actuals as (
    select
        month,
        benchmark,
        reached / nullif(of_how_much, 0) as actual,
        of_how_much
    from parts
    union all
    select
        month,
        'nps' as benchmark,
        value as actual,
        cast(accounts as double) as of_how_much
    from {{ ref('mart_voice_of_customer') }}
    where
        survey_type = 'nps'
        and segment_type = 'total'
),

final as (
    select
        months.month,
        cast(benchmarks.benchmark as varchar) as benchmark,
        cast(benchmarks.label as varchar) as label,
        benchmarks.target,
        benchmarks.target_high,
        actuals.actual,
        actuals.actual >= benchmarks.target as is_met,
        actuals.of_how_much as measured_on,
        cast(benchmarks.unit as varchar) as unit,
        cast(benchmarks.measured_over as varchar) as measured_over,
        cast(benchmarks.source as varchar) as target_source,
        months.is_complete
    from months
    cross join {{ ref('benchmarks') }} as benchmarks
    left outer join actuals
        on
            months.month = actuals.month
            and benchmarks.benchmark = actuals.benchmark
)

select * from final
