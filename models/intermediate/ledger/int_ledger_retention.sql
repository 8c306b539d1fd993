-- Grain: one row per closed month, segment_type and segment_value, as reported.
with closes as (
    select close_month
    from {{ ref('int_ledger_closes') }}
),

retention as (
    select *
    from {{ ref('stg_ledger__retention') }}
),

final as (
    select retention.*
    from retention
    inner join closes
        on retention.close_month = closes.close_month
)

select * from final
