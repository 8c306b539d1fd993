-- Grain: one row per closed month and account, as reported.
with closes as (
    select close_month
    from {{ ref('int_ledger_closes') }}
),

account_months as (
    select *
    from {{ ref('stg_ledger__account_months') }}
),

final as (
    select account_months.*
    from account_months
    inner join closes
        on account_months.close_month = closes.close_month
)

select * from final
