-- Grain: one row per month from the first contract to the as-of date.
-- snapshot_on is the day whose end the month's figures are taken at. The month of the as-of date
-- is taken at the as-of date and is complete only when that is its last day.
with lines as (
    select min(valid_from) as first_day
    from {{ ref('int_arr_line_versions') }}
),

months as (
    select
        {{ month_series(dbt.date_trunc('month', 'first_day'), as_of_date()) }} as month
    from lines
),

final as (
    select
        month,
        {% if var('arr_snapshot_point') == 'month_start' -%}
        month as snapshot_on,
        true as is_complete
        {%- else -%}
        least({{ dbt.last_day('month', 'month') }}, {{ as_of_date() }}) as snapshot_on,
        {{ dbt.last_day('month', 'month') }} <= {{ as_of_date() }} as is_complete
        {%- endif %}
    from months
)

select * from final
