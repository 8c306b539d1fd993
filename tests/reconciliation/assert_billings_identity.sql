-- Billings = revenue + change of deferred revenue - change of unbilled revenue, in every month and
-- kind, in total, and from the first month on: what was ever billed is earned or still deferred.
-- Deferred revenue on the as-of date is what the lines have still to earn.
{{ config(meta={'dagster': {'ref': {'name': 'mart_billings'}}}) }}

with billings as (
    select *
    from {{ ref('mart_billings') }}
),

ordered as (
    select
        *,
        lag(closing_deferred) over (partition by revenue_kind order by month)
            as previous_deferred,
        row_number() over (partition by revenue_kind order by month desc) as months_ago
    from billings
),

to_come as (
    select coalesce(sum(case when is_deferred then earned end), 0) as deferred
    from {{ ref('int_finance_earnings') }}
    where line_kind <> 'tax'
)

select
    ordered.month,
    ordered.revenue_kind
from ordered
cross join to_come
where
    ordered.billings <> ordered.revenue + ordered.deferred_change - ordered.unbilled_change
    or ordered.opening_deferred <> coalesce(ordered.previous_deferred, 0)
    or ordered.closing_deferred <> ordered.opening_deferred + ordered.deferred_change
    or ordered.closing_unbilled <> ordered.opening_unbilled + ordered.unbilled_change
    or ordered.closing_unbilled < 0
    or (
        ordered.revenue_kind = 'all'
        and ordered.months_ago = 1
        and ordered.closing_deferred <> to_come.deferred
    )
