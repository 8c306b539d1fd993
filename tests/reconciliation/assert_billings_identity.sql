-- Billings = revenue + change of deferred revenue - change of unbilled revenue, in every month and
-- kind, in total, and from the first month on: what was ever billed is earned or still deferred.
-- Deferred revenue on the as-of date is what the lines have still to earn. What is earned and not
-- billed is recomputed from the lines: it is below 0 as long as a credit for months past is still
-- to be given. Where it does not tie, `lines` names those that were billed or earned in the month.
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

lines as (
    select
        line_kind,
        issued_on,
        month,
        earned,
        invoice_line_id
    from {{ ref('int_finance_earnings') }}
    where
        line_kind <> 'tax'
        and not is_deferred
),

-- Earned in a month or before, and billed in a later one.
unbilled as (
    select
        billings.month,
        billings.revenue_kind,
        coalesce(sum(lines.earned), 0) as closing_unbilled
    from billings
    left outer join lines
        on
            billings.month >= lines.month
            and billings.month < cast({{ dbt.date_trunc('month', 'lines.issued_on') }} as date)
            and (billings.revenue_kind = 'all' or billings.revenue_kind = lines.line_kind)
    group by
        billings.month,
        billings.revenue_kind
),

to_come as (
    select coalesce(sum(case when is_deferred then earned end), 0) as deferred
    from {{ ref('int_finance_earnings') }}
    where line_kind <> 'tax'
)

select
    ordered.month,
    ordered.revenue_kind,
    ordered.billings,
    ordered.revenue,
    ordered.closing_deferred,
    ordered.closing_unbilled,
    unbilled.closing_unbilled as unbilled_of_lines,
    (
        select string_agg(distinct lines.invoice_line_id, ', ')
        from lines
        where
            (ordered.revenue_kind = 'all' or ordered.revenue_kind = lines.line_kind)
            and ordered.month in (
                lines.month, cast({{ dbt.date_trunc('month', 'lines.issued_on') }} as date)
            )
    ) as lines
from ordered
cross join to_come
left outer join unbilled
    on
        ordered.month = unbilled.month
        and ordered.revenue_kind = unbilled.revenue_kind
where
    ordered.billings <> ordered.revenue + ordered.deferred_change - ordered.unbilled_change
    or ordered.opening_deferred <> coalesce(ordered.previous_deferred, 0)
    or ordered.closing_deferred <> ordered.opening_deferred + ordered.deferred_change
    or ordered.closing_unbilled <> ordered.opening_unbilled + ordered.unbilled_change
    or ordered.closing_unbilled <> unbilled.closing_unbilled
    or (
        ordered.revenue_kind = 'all'
        and ordered.months_ago = 1
        and ordered.closing_deferred <> to_come.deferred
    )
