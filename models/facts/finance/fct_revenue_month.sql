-- Grain: one row per account, month and revenue_kind up to the as-of date.
-- Billed, earned, and what that does to the balances. What is billed before it is earned is
-- deferred until then; what is earned before it is billed (usage) is unbilled until then. Each
-- row balances: billed = earned + deferred_change - unbilled_change. Without tax.
with pieces as (
    select
        account_id,
        line_kind as revenue_kind,
        cast({{ dbt.date_trunc('month', 'issued_on') }} as date) as billed_month,
        -- What is earned after the as-of date is not earned yet.
        case when is_deferred then cast('9999-12-01' as date) else month end as earned_month,
        earned as amount,
        earned_booked as amount_booked
    from {{ ref('int_finance_earnings') }}
    where line_kind <> 'tax'
),

entries as (
    select
        account_id,
        revenue_kind,
        billed_month as month,
        amount as billed,
        amount_booked as billed_booked,
        0 as earned,
        0 as earned_booked,
        case when earned_month > billed_month then amount else 0 end as deferred_change,
        case when earned_month < billed_month then -amount else 0 end as unbilled_change
    from pieces
    union all
    select
        account_id,
        revenue_kind,
        earned_month as month,
        0 as billed,
        0 as billed_booked,
        amount as earned,
        amount_booked as earned_booked,
        case when earned_month > billed_month then -amount else 0 end as deferred_change,
        case when earned_month < billed_month then amount else 0 end as unbilled_change
    from pieces
    where earned_month < cast('9999-12-01' as date)
),

final as (
    select
        account_id,
        month,
        revenue_kind,
        cast(sum(billed) as decimal(18, 2)) as billed,
        cast(sum(earned) as decimal(18, 2)) as earned,
        cast(sum(deferred_change) as decimal(18, 2)) as deferred_change,
        cast(sum(unbilled_change) as decimal(18, 2)) as unbilled_change,
        cast(sum(billed_booked) as decimal(18, 2)) as billed_booked,
        cast(sum(earned_booked) as decimal(18, 2)) as earned_booked
    from entries
    group by
        account_id,
        month,
        revenue_kind
)

select * from final
