-- Retention of one month by every convention that METRICS names, so that a figure from elsewhere
-- can be recognised: one row per convention, its value, and what it counts. The first three are
-- the definitions of this project. Empty where the book is not old enough for one.
-- Run: csw query what_other_conventions_say
-- The month is the last complete one; another: --set nrr_month=2025-11
with months as (
    select max(month) as month
    from {{ ref('fct_account_month') }}
    where
        is_complete
        and month = {{ month_asked('nrr_month', 'month') }}
    having max(month) is not null
),

rates as (
    select retention.*
    from {{ ref('mart_retention_monthly') }} as retention
    inner join months
        on retention.month = months.month
    where retention.segment_type = 'total'
),

accounts as (
    select
        account_id,
        coalesce(merged_into_account_id, account_id) as survivor_id
    from {{ ref('dim_account') }}
),

groups as (
    select
        accounts.account_id,
        accounts.survivor_id,
        coalesce(survivors.ultimate_parent_account_id, accounts.survivor_id) as parent_id
    from accounts
    left outer join {{ ref('dim_account') }} as survivors
        on accounts.survivor_id = survivors.account_id
),

-- The first days of the month and of the same month a year before, on the contract lines.
day_arr as (
    select
        groups.survivor_id,
        sum(
            case
                when
                    lines.valid_from <= {{ dbt.dateadd('month', -12, 'months.month') }}
                    and coalesce(
                        lines.valid_to > {{ dbt.dateadd('month', -12, 'months.month') }}, true
                    )
                    then lines.arr
                else 0
            end
        ) as arr_then,
        sum(
            case
                when
                    lines.valid_from <= months.month
                    and coalesce(lines.valid_to > months.month, true)
                    then lines.arr
                else 0
            end
        ) as arr_now
    from {{ ref('fct_arr_line') }} as lines
    inner join groups
        on lines.account_id = groups.account_id
    cross join months
    group by groups.survivor_id
),

month_start as (
    select
        cast(sum(arr_now) / nullif(sum(arr_then), 0) as double) as nrr,
        cast(sum(least(arr_now, arr_then)) / nullif(sum(arr_then), 0) as double) as grr
    from day_arr
    where arr_then > 0
),

-- Twelve months are the months from the eleventh before on: it opens with the ARR of the twelfth.
parent_arr as (
    select
        groups.parent_id,
        sum(
            case
                when
                    account_months.month = {{ dbt.dateadd('month', -11, 'months.month') }}
                    then account_months.opening_arr
                else 0
            end
        ) as arr_then,
        sum(
            case
                when account_months.month = months.month then account_months.closing_arr
                else 0
            end
        ) as arr_now
    from {{ ref('fct_account_month') }} as account_months
    inner join groups
        on account_months.account_id = groups.account_id
    cross join months
    group by groups.parent_id
),

parents as (
    select
        cast(sum(arr_now) / nullif(sum(arr_then), 0) as double) as nrr,
        cast(sum(least(arr_now, arr_then)) / nullif(sum(arr_then), 0) as double) as grr,
        cast(count_if(arr_now > 0 and parent_id <> 'unassigned') as double)
        / nullif(count_if(parent_id <> 'unassigned'), 0) as logo_retention
    from parent_arr
    where arr_then > 0
),

renewals as (
    select
        cast(
            sum(case when renewal.due_month = months.month then renewal.renewed_atr end)
            / nullif(
                sum(case when renewal.due_month = months.month then renewal.available_to_renew end),
                0
            ) as double
        ) as rate,
        cast(
            sum(case when renewal.due_month = months.month then renewal.renewed_arr end)
            / nullif(
                sum(case when renewal.due_month = months.month then renewal.available_to_renew end),
                0
            ) as double
        ) as net_rate,
        cast(
            sum(renewal.renewed_atr) / nullif(sum(renewal.available_to_renew), 0) as double
        ) as rate_12m
    from {{ ref('mart_renewal_monthly') }} as renewal
    cross join months
    where
        renewal.segment_type = 'total'
        and renewal.due_month > {{ dbt.dateadd('month', -12, 'months.month') }}
        and renewal.due_month <= months.month
),

conventions as (
    {% set conventions = [
        ('rates', 'nrr', 'NRR, cohort of 12 months (ours)',
            'ARR now of those who had ARR 12 months ago, over their ARR then'),
        ('rates', 'grr', 'GRR, cohort of 12 months (ours)',
            'the same, no account above its ARR then'),
        ('rates', 'logo_retention', 'Logo retention, cohort of 12 months (ours)',
            'accounts of the cohort with ARR now, over all of the cohort'),
        ('rates', 'nrr_trailing_12m', 'NRR, trailing 12 months, weighted',
            'the cohorts of 12 months together: sum of ARR now over sum of ARR then'),
        ('rates', 'grr_trailing_12m', 'GRR, trailing 12 months, weighted',
            'the same, no account above its ARR then'),
        ('rates', 'nrr_quarterly', 'NRR, quarterly',
            'cohort of 3 months, not annualised'),
        ('rates', 'grr_quarterly', 'GRR, quarterly',
            'the same, no account above its ARR then'),
        ('rates', '1 - gross_mrr_churn_monthly', 'Monthly flow, gross',
            '1 less (churn + contraction) of the month over its opening'),
        ('rates', '1 - net_mrr_churn_monthly', 'Monthly flow, net',
            'the same, expansion and reactivation put against it'),
        ('rates', 'power(1 - net_mrr_churn_monthly, 12)', 'Monthly flow, net, to the power of 12',
            'one month annualised, which is no retention rate'),
        ('renewals', 'rate', 'Renewal-based, gross',
            'ARR renewed of terms due in the month, over ARR due'),
        ('renewals', 'net_rate', 'Renewal-based, net',
            'the same with what the renewed terms are worth now'),
        ('renewals', 'rate_12m', 'Renewal-based, gross, trailing 12 months',
            'terms due in 12 months together'),
        ('rates', 'nrr_bridge', 'NRR from the bridge',
            'opening of 12 months ago plus all movements since, those of customers won since too'),
        ('month_start', 'nrr', 'NRR, month_start',
            'cohort of 12 months, ARR on the first day of the month instead of its last'),
        ('month_start', 'grr', 'GRR, month_start',
            'the same, no account above its ARR then'),
        ('parents', 'nrr', 'NRR, rolled up to the ultimate parent',
            'cohort of 12 months, a group of accounts is one customer'),
        ('parents', 'grr', 'GRR, rolled up to the ultimate parent',
            'the same, no group above its ARR then'),
        ('parents', 'logo_retention', 'Logo retention, rolled up to the ultimate parent',
            'groups of the cohort with ARR now, over all groups of the cohort'),
    ] -%}
    {%- for relation, value, name, counts in conventions %}
    {{ 'union all' if not loop.first }}
    select
        {{ loop.index }} as position,
        '{{ name }}' as convention,
        {{ value }} as value,
        '{{ counts }}' as what_it_counts
    from {{ relation }}
    {%- endfor %}
),

final as (
    select
        months.month,
        conventions.convention,
        round(conventions.value, 4) as value,
        conventions.what_it_counts,
        conventions.position
    from conventions
    cross join months
)

select
    month,
    convention,
    value,
    what_it_counts
from final
order by position
