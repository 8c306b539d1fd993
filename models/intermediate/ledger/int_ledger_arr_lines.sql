-- Grain: one row per closed month and contract line that held at its end, as reported.
with closes as (
    select close_month
    from {{ ref('int_ledger_closes') }}
),

arr_lines as (
    select *
    from {{ ref('stg_ledger__arr_lines') }}
),

final as (
    select arr_lines.*
    from arr_lines
    inner join closes
        on arr_lines.close_month = closes.close_month
)

select * from final
