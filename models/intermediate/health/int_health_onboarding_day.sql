-- Grain: one row per account and day under contract: its onboarding milestones at the end of it.
-- Milestones due since its first contract began. One that is due on the day and not done at its end
-- is overdue. A CRM that keeps no record of when a milestone was ticked is taken at its word. Null
-- before the first milestone of the whole company was due.
{% set columns = {
    'account_id': 'varchar',
    'milestone': 'varchar',
    'due_at': 'timestamp',
    'completed_at': 'timestamp',
} %}
{% set measures = ['milestones_due', 'milestones_done'] %}

with account_days as (
    select
        account_id,
        date_day,
        contract_started_on
    from {{ ref('int_health_account_days') }}
),

ownership as (
    select
        account_id,
        owner_account_id,
        valid_from,
        valid_to
    from {{ ref('int_account_ownership') }}
),

records as (
    {{ union_systems(
        'crm',
        {'salesforce': 'int_salesforce_milestones', 'files': 'stg_files__milestones'},
        columns
    ) }}
),

contracts as (
    select
        account_id,
        min(contract_started_on) as contract_started_on
    from account_days
    group by account_id
),

-- A merge moves milestones to the survivor: whose they were shows the start of the contracts.
candidates as (
    select
        account_id as record_account_id,
        account_id,
        contract_started_on
    from contracts
    union all
    select
        survivors.survivor_account_id as record_account_id,
        survivors.account_id,
        contracts.contract_started_on
    from {{ ref('int_account_survivors') }} as survivors
    inner join contracts
        on survivors.account_id = contracts.account_id
),

numbered as (
    select
        account_id,
        cast(due_at as date) as due_on,
        cast(completed_at as date) as done_on,
        row_number() over (order by account_id, milestone, due_at, completed_at) as record_id,
        row_number() over (
            partition by account_id, milestone, due_at
            order by completed_at
        ) as record_number
    from records
    where due_at is not null
),

matched as (
    select
        numbered.record_id,
        numbered.record_number,
        numbered.due_on,
        numbered.done_on,
        candidates.account_id,
        row_number() over (
            partition by numbered.record_id
            order by candidates.contract_started_on desc, candidates.account_id asc
        ) as candidate_number,
        count(*) over (
            partition by numbered.record_id, candidates.contract_started_on
        ) as candidates_alike
    from numbered
    inner join candidates
        on
            numbered.account_id = candidates.record_account_id
            and numbered.due_on >= candidates.contract_started_on
    qualify
        candidates.contract_started_on
        = max(candidates.contract_started_on) over (partition by numbered.record_id)
),

milestones as (
    select
        account_id,
        due_on,
        done_on
    from matched
    where mod(record_number - 1, candidates_alike) = candidate_number - 1
),

spans as (
    select
        account_id,
        'milestones_due' as measure,
        1 as amount,
        due_on as valid_from,
        cast(null as date) as valid_to
    from milestones
    union all
    select
        account_id,
        'milestones_done' as measure,
        1 as amount,
        greatest(due_on, done_on) as valid_from,
        cast(null as date) as valid_to
    from milestones
    where done_on is not null
),

{{ account_day_totals('spans', measures) }},

{{ learned_days('milestones', 'due_on') }},

final as (
    select
        account_days.account_id,
        account_days.date_day,
        case
            when learned_days.first_day is not null
                then cast(day_totals.milestones_due as double)
        end as milestones_due,
        case
            when learned_days.first_day is not null
                then cast(day_totals.milestones_done as double)
        end as milestones_done,
        case
            when learned_days.first_day is not null
                then cast(day_totals.milestones_due - day_totals.milestones_done as double)
        end as milestones_overdue,
        case
            when day_totals.milestones_due > 0
                then cast(day_totals.milestones_done as double) / day_totals.milestones_due
        end as onboarding_share
    from account_days
    inner join day_totals
        on
            account_days.account_id = day_totals.account_id
            and account_days.date_day = day_totals.date_day
    inner join learned_days
        on account_days.date_day = learned_days.date_day
)

select * from final
