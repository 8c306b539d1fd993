-- Grain: one row per closed month.
with closes as (
    select
        close_month,
        as_of_date,
        closed_at,
        closed_by,
        run_id,
        definition_version,
        content_hash
    from {{ ref('int_ledger_closes') }}
),

account_months as (
    select
        close_month,
        closing_arr
    from {{ ref('int_ledger_account_months') }}
),

totals as (
    select
        close_month,
        cast(sum(closing_arr) as decimal(18, 2)) as closing_arr
    from account_months
    group by close_month
),

final as (
    select
        closes.close_month,
        closes.as_of_date,
        closes.closed_at,
        closes.closed_by,
        closes.run_id,
        closes.definition_version,
        closes.content_hash,
        coalesce(totals.closing_arr, 0) as closing_arr,
        row_number() over (order by closes.close_month desc) = 1 as is_last
    from closes
    left outer join totals
        on closes.close_month = totals.close_month
)

select * from final
