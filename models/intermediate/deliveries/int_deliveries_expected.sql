-- Grain: one row per source system, table and load, with what the deliveries before it were like.
-- A table is known to come whole when it is declared so, or when most of the deliveries before
-- repeated the larger part of the rows of the one before them. An increment is compared with none.
{% set compared = 10 %}

with deliveries as (
    select
        source_system,
        source_table,
        delivery_number,
        delivery,
        files,
        rows_delivered,
        lag(rows_delivered) over (
            partition by source_system, source_table
            order by delivery_number
        ) as rows_before,
        rows_unchanged,
        max(case when files = 0 then delivery_number end) over (
            partition by source_system, source_table
            order by delivery_number
            rows between unbounded preceding and 1 preceding
        ) as last_missing_number
    from {{ ref('int_deliveries') }}
),

steps as (
    select {{ integer_series(1, compared) }} as step
),

-- Each delivery once more for each of those before it.
reached as (
    select
        deliveries.source_system,
        deliveries.source_table,
        deliveries.delivery_number - steps.step as earlier_number,
        deliveries.delivery_number
    from deliveries
    cross join steps
),

earlier as (
    select
        reached.source_system,
        reached.source_table,
        reached.delivery_number,
        median(deliveries.rows_delivered) as usual_rows,
        count(case when deliveries.rows_before > 0 then 1 end) as comparable,
        count(
            case
                when
                    deliveries.rows_before > 0
                    and 2 * deliveries.rows_unchanged >= deliveries.rows_before
                    then 1
            end
        ) as repeating
    from reached
    inner join deliveries
        on
            reached.source_system = deliveries.source_system
            and reached.source_table = deliveries.source_table
            and reached.earlier_number = deliveries.delivery_number
    where deliveries.files > 0
    group by
        reached.source_system,
        reached.source_table,
        reached.delivery_number
),

final as (
    select
        deliveries.source_system,
        deliveries.source_table,
        deliveries.delivery_number,
        cast(earlier.usual_rows as bigint) as usual_rows,
        deliveries.delivery_number - 1
        - coalesce(deliveries.last_missing_number, 0) as deliveries_in_a_row,
        (
            deliveries.delivery = 'full'
            or (
                deliveries.delivery = 'increment'
                and 2 * coalesce(earlier.repeating, 0) > coalesce(earlier.comparable, 0)
            )
        ) as is_whole
    from deliveries
    left outer join earlier
        on
            deliveries.source_system = earlier.source_system
            and deliveries.source_table = earlier.source_table
            and deliveries.delivery_number = earlier.delivery_number
)

select * from final
