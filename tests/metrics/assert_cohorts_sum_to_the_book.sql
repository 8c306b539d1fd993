-- The cohorts of all start months together are the book, to the cent, merges or not; no cohort
-- keeps more than all of itself under the cap.
{{ config(meta={'dagster': {'ref': {'name': 'mart_retention_cohorts'}}}) }}

with cohorts as (
    select
        month,
        sum(arr) as arr
    from {{ ref('mart_retention_cohorts') }}
    group by month
),

books as (
    select
        month,
        sum(closing_arr) as closing_arr
    from {{ ref('fct_account_month') }}
    group by month
),

differences as (
    select
        books.month,
        books.closing_arr,
        cohorts.arr
    from books
    full outer join cohorts
        on books.month = cohorts.month
    where books.closing_arr is distinct from cohorts.arr
),

unbounded as (
    select
        month,
        arr as closing_arr,
        cohort_arr as arr
    from {{ ref('mart_retention_cohorts') }}
    where
        grr > 1
        or grr > nrr
        or logo_retention > 1
        or (age_months = 0 and (grr <> 1 or nrr <> 1))
)

select * from differences
union all
select * from unbounded
