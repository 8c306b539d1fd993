-- Grain: one row per day, from two years before the first account or contract to the end of the
-- second year after the as-of date.
{%- set first_month = var('fiscal_year_first_month') | int %}
{%- if first_month not in range(1, 13) %}
    {{ exceptions.raise_compiler_error(
        "var fiscal_year_first_month is " ~ var('fiscal_year_first_month') ~ "; write 1 to 12"
    ) }}
{%- endif %}
-- So many months later, a day is in the calendar year and quarter that have its fiscal numbers.
{%- set ahead = (13 - first_month) % 12 %}
with first_days as (
    select min(cast(created_at as date)) as first_day
    from {{ ref('int_crm_accounts') }}
    union all
    select min(valid_from) as first_day
    from {{ ref('int_arr_line_intervals') }}
    union all
    select {{ as_of_date() }} as first_day
),

hours as (
    select weekday
    from {{ ref('business_hours') }}
),

holidays as (
    select
        holiday_on,
        holiday_name
    from {{ ref('business_holidays') }}
),

bounds as (
    select
        {{ dbt.dateadd('year', -2, dbt.date_trunc('year', 'min(first_day)')) }} as first_day,
        {{ dbt.dateadd('year', 3, dbt.date_trunc('year', as_of_date())) }} as end_day
    from first_days
),

days as (
    select
        {{ day_series('first_day', dbt.dateadd('day', -1, 'end_day')) }} as date_day
    from bounds
),

weekdays as (
    select
        date_day,
        {{ iso_weekday('date_day') }} as day_of_week,
        {{ dbt.dateadd('month', ahead, dbt.date_trunc('month', 'date_day')) }} as fiscal_month
    from days
),

final as (
    select
        weekdays.date_day,
        cast({{ dbt.date_trunc('week', 'weekdays.date_day') }} as date) as week_start,
        cast({{ dbt.date_trunc('month', 'weekdays.date_day') }} as date) as month,
        cast({{ dbt.date_trunc('quarter', 'weekdays.date_day') }} as date) as quarter,
        cast(extract(year from weekdays.date_day) as integer) as year,
        cast(
            {{ dbt.dateadd(
                'month', -ahead, dbt.date_trunc('quarter', 'weekdays.fiscal_month')
            ) }} as date
        ) as fiscal_quarter,
        cast(extract(quarter from weekdays.fiscal_month) as integer) as fiscal_quarter_number,
        cast(extract(year from weekdays.fiscal_month) as integer) as fiscal_year,
        cast(weekdays.day_of_week as integer) as day_of_week,
        (hours.weekday is not null and holidays.holiday_on is null) as is_business_day,
        cast(holidays.holiday_name as varchar) as holiday_name,
        cast({{ dbt.last_day('weekdays.date_day', 'month') }} as date) = weekdays.date_day
            as is_month_end
    from weekdays
    left outer join hours
        on weekdays.day_of_week = hours.weekday
    left outer join holidays
        on weekdays.date_day = holidays.holiday_on
)

select * from final
