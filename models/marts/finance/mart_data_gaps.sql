-- Grain: one row per source system, object and gap: what the figures of today do not know.
with gaps as (
    select
        source_system,
        object_type,
        object_id,
        gap,
        what_is_missing,
        account_id,
        row_count,
        arr_affected,
        since,
        remedy,
        severity,
        accepted_by,
        accepted_at,
        accepted_reason,
        is_open
    from {{ ref('fct_data_gap') }}
),

accounts as (
    select
        account_id,
        account_name
    from {{ ref('dim_account') }}
),

final as (
    select
        gaps.source_system,
        gaps.object_type,
        gaps.object_id,
        gaps.gap,
        gaps.severity,
        gaps.what_is_missing,
        gaps.account_id,
        accounts.account_name,
        gaps.row_count,
        gaps.arr_affected,
        gaps.since,
        gaps.remedy,
        gaps.is_open,
        gaps.accepted_by,
        gaps.accepted_at,
        gaps.accepted_reason,
        {{ as_of_date() }} as as_of_date
    from gaps
    left outer join accounts
        on gaps.account_id = accounts.account_id
)

select * from final
