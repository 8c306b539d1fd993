-- Grain: one row per gap in the data that somebody has accepted; the last acceptance counts.
{{ config(materialized='view') }}

with accepted as (
    select
        acceptance,
        source_system,
        object_type,
        object_id,
        gap,
        accepted_by,
        accepted_at,
        reason,
        is_expired,
        what_is_missing,
        row_count,
        arr_affected
    from {{ ref('stg_ledger__accepted_gaps') }}
),

final as (
    select *
    from accepted
    qualify
        row_number() over (
            partition by source_system, object_type, object_id, gap
            order by acceptance desc
        ) = 1
)

select * from final
