-- Grain: one row per contract and run of days of a month on which neither its ARR nor its bills
-- change.
-- Each span is a step up on its first day and a step down on its end day; the running sums of the
-- steps are the levels of the days between. Amounts per year at the plan rate.
{% set levels = tie_out_levels() %}
{% set counts = tie_out_counts() %}
{% set single = tie_out_levels_apart() %}
{% set others = (levels + counts) | reject('in', single) | list %}

with spans as (
    select
        source_system,
        contract_id,
        first_day,
        end_day,
        {{ others | join(',\n        ') }},
        {{ each_column(single | list, '0 as @') }}
    from {{ ref('int_tie_out_spans') }}
    {%- for level, relation in single.items() %}
    union all
    select
        source_system,
        contract_id,
        first_day,
        end_day,
        {{ each_column(others, '0 as @') }},
        {{ each_column(single | list, '0 as @') | replace('0 as ' ~ level, level) }}
    from {{ ref(relation) }}
    {%- endfor %}
),

invoice_lines as (
    select
        source_system,
        contract_id,
        is_in_arrears,
        earned_to
    from {{ ref('int_tie_out_lines') }}
    where is_billed
),

owners as (
    select
        source_system,
        contract_id,
        account_id,
        valid_from,
        valid_to
    from {{ ref('int_tie_out_owners') }}
),

ranges as (
    select
        source_system,
        contract_id,
        min(first_day) as first_day,
        max(end_day) as end_day
    from spans
    group by
        source_system,
        contract_id
),

-- Runs end with the month, and where another account answers for the contract.
cuts as (
    select
        ranges.source_system,
        ranges.contract_id,
        months.month as day
    from ranges
    inner join {{ ref('int_calendar_months') }} as months
        on
            ranges.first_day < months.month
            and ranges.end_day > months.month
    union
    select
        ranges.source_system,
        ranges.contract_id,
        owners.valid_from as day
    from ranges
    inner join owners
        on
            ranges.source_system = owners.source_system
            and ranges.contract_id = owners.contract_id
            and ranges.first_day < owners.valid_from
            and ranges.end_day > owners.valid_from
),

steps as (
    select
        source_system,
        contract_id,
        first_day as day,
        {{ (levels + counts) | join(',\n        ') }},
        whole_periods as period_starts
    from spans
    union all
    select
        source_system,
        contract_id,
        end_day as day,
        {{ each_column(levels + counts, '-@ as @') }},
        0 as period_starts
    from spans
    union all
    select
        source_system,
        contract_id,
        day,
        {{ each_column(levels + counts, '0 as @') }},
        0 as period_starts
    from cuts
),

daily_steps as (
    select
        source_system,
        contract_id,
        day,
        {{ each_column(levels + counts + ['period_starts'], 'sum(@) as @') }}
    from steps
    group by
        source_system,
        contract_id,
        day
),

runs as (
    select
        source_system,
        contract_id,
        day as valid_from,
        lead(day) over contract_days as valid_to,
        {{ each_column(levels + counts + ['period_starts'], 'sum(@) over contract_days as @') }}
    from daily_steps
    window contract_days as (
        partition by source_system, contract_id
        order by day
    )
),

arrears as (
    select
        source_system,
        contract_id,
        bool_and(is_in_arrears) as is_in_arrears,
        max(earned_to) as billed_until
    from invoice_lines
    group by
        source_system,
        contract_id
),

final as (
    select
        runs.source_system,
        runs.contract_id,
        owners.account_id,
        cast({{ dbt.date_trunc('month', 'runs.valid_from') }} as date) as month,
        runs.valid_from,
        runs.valid_to,
        {{ days_between('runs.valid_from', 'runs.valid_to') }} as run_days,
        {{ each_column(levels, 'cast(runs.@ as decimal(28, 8)) as @') }},
        {{ each_column(counts, 'cast(runs.@ as bigint) as @') }},
        cast(runs.period_starts as bigint) as billing_period,
        coalesce(arrears.is_in_arrears and runs.valid_from >= arrears.billed_until, false)
            as is_not_billed_yet
    from runs
    inner join owners
        on
            runs.source_system = owners.source_system
            and runs.contract_id = owners.contract_id
            and runs.valid_from >= owners.valid_from
            and runs.valid_from < owners.valid_to
    left outer join arrears
        on
            runs.source_system = arrears.source_system
            and runs.contract_id = arrears.contract_id
    where runs.valid_to is not null and (runs.contract_lines > 0 or runs.invoice_lines > 0)
)

select * from final
