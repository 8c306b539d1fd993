-- Grain: one row per source system, table and load: what is wrong with that delivery, if anything.
-- A finding starts where the delivery before did not have it, or not as badly. Of rows that are
-- missing it stays until they are there again: the deliveries after a cut must not become what is
-- usual before somebody has looked at it.
{% set kept_share = 1 - var('delivery_max_shrink') %}

with expected as (
    select
        source_system,
        source_table,
        delivery_number,
        usual_rows,
        deliveries_in_a_row,
        is_whole
    from {{ ref('int_deliveries_expected') }}
),

deliveries as (
    select
        deliveries.source_system,
        deliveries.source_table,
        deliveries.run_id,
        deliveries.loaded_at,
        deliveries.delivery_id,
        deliveries.delivery_number,
        deliveries.is_vital,
        deliveries.delivery,
        deliveries.files,
        deliveries.first_file,
        deliveries.rows_delivered,
        deliveries.rows_rejected,
        deliveries.rows_rejected_anew,
        expected.usual_rows,
        expected.is_whole,
        case
            when
                deliveries.files = 0
                and (
                    (expected.is_whole and expected.deliveries_in_a_row >= 1)
                    or expected.deliveries_in_a_row >= 7
                )
                then 'delivery_missing'
            when
                deliveries.files > 0
                and deliveries.is_vital
                and deliveries.rows_delivered = 0
                and expected.usual_rows > 0
                then 'delivery_empty'
            when
                deliveries.files > 0
                and expected.is_whole
                and expected.usual_rows >= {{ var('delivery_min_rows') }}
                and deliveries.rows_delivered < {{ kept_share }} * expected.usual_rows
                then 'delivery_shrunk'
        end as shortfall,
        case
            when {{ is_read_once('deliveries.delivery') }}
                then deliveries.rows_loaded + deliveries.rows_rejected_anew
            else deliveries.rows_delivered
        end as rows_anew
    from {{ ref('int_deliveries') }} as deliveries
    inner join expected
        on
            deliveries.source_system = expected.source_system
            and deliveries.source_table = expected.source_table
            and deliveries.delivery_number = expected.delivery_number
),

judged as (
    select
        *,
        (
            (
                rows_rejected_anew >= {{ var('delivery_min_rejects') }}
                and rows_rejected_anew > {{ var('delivery_max_reject_share') }} * rows_anew
            )
            or (
                is_vital
                and not {{ is_read_once('delivery') }}
                and rows_rejected_anew > 0
                and rows_rejected_anew = rows_anew
            )
        ) as is_rejected
    from deliveries
),

compared as (
    select
        *,
        lag(shortfall) over one_table as shortfall_before,
        lag(rows_delivered) over one_table as rows_before,
        coalesce(lag(is_rejected) over one_table, false) as was_rejected,
        coalesce(lag(rows_rejected) over one_table, 0) as rejected_before,
        max(files) over since as files_since,
        max(rows_delivered) over since as rows_since,
        min(rows_rejected) over since as rejected_since,
        min(case when is_rejected then 1 else 0 end) over since as is_rejected_since
    from judged
    window
        one_table as (partition by source_system, source_table order by delivery_number),
        since as (
            partition by source_system, source_table
            order by delivery_number
            rows between current row and unbounded following
        )
),

final as (
    select
        source_system,
        source_table,
        run_id,
        loaded_at,
        delivery_id,
        delivery_number,
        is_vital,
        is_whole,
        files,
        first_file,
        rows_delivered,
        rows_anew,
        rows_rejected_anew,
        usual_rows,
        rows_since,
        shortfall,
        is_rejected,
        (
            shortfall is not null
            and (
                shortfall_before is distinct from shortfall
                or rows_delivered < {{ kept_share }} * rows_before
            )
        ) as is_start_of_shortfall,
        coalesce(
            case shortfall
                when 'delivery_missing' then files_since > 0
                when 'delivery_empty' then rows_since > 0
                when 'delivery_shrunk' then rows_since >= {{ kept_share }} * usual_rows
            end,
            false
        ) as is_made_up_for,
        -- Half of the rows rejected where it was a tenth is another finding.
        (
            is_rejected
            and (
                {{ is_read_once('delivery') }}
                or not was_rejected
                or rows_rejected * rows_before
                > rejected_before * rows_delivered
                + {{ var('delivery_max_reject_share') }} * rows_before * rows_delivered
            )
        ) as is_start_of_rejects,
        case
            when {{ is_read_once('delivery') }} then rejected_since <= rejected_before
            else is_rejected_since = 0
        end as is_corrected
    from compared
)

select * from final
