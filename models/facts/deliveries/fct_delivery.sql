-- Grain: one row per source system, table and load that brought it, or should have brought it.
with deliveries as (
    select
        source_system,
        source_table,
        run_id,
        loaded_at,
        delivery_id,
        files,
        rows_read,
        rows_loaded,
        rows_unchanged,
        rows_rejected,
        rows_unmapped,
        rows_gone,
        brought_until,
        known_until
    from {{ ref('int_deliveries') }}
),

judged as (
    select
        source_system,
        source_table,
        run_id,
        usual_rows,
        is_whole,
        coalesce(shortfall, case when is_rejected then 'delivery_rejected' end) as finding
    from {{ ref('int_deliveries_judged') }}
),

accepted as (
    select
        source_system,
        object_id,
        gap,
        accepted_by
    from {{ ref('int_ledger_accepted_gaps') }}
    where object_type = 'delivery'
),

final as (
    select
        deliveries.source_system,
        deliveries.source_table,
        deliveries.run_id,
        deliveries.loaded_at,
        deliveries.files,
        deliveries.rows_read,
        deliveries.rows_loaded,
        deliveries.rows_unchanged,
        deliveries.rows_rejected,
        deliveries.rows_unmapped,
        deliveries.rows_gone,
        deliveries.brought_until,
        deliveries.known_until,
        judged.usual_rows,
        judged.is_whole,
        judged.finding,
        accepted.accepted_by
    from deliveries
    inner join judged
        on
            deliveries.source_system = judged.source_system
            and deliveries.source_table = judged.source_table
            and deliveries.run_id = judged.run_id
    left outer join accepted
        on
            deliveries.source_system = accepted.source_system
            and deliveries.delivery_id = accepted.object_id
            and judged.finding = accepted.gap
    where deliveries.files > 0 or judged.finding is not null
)

select * from final
