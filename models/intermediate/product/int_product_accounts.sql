-- Grain: one row per source system and account key that has usage.
-- Which account the usage of a key belongs to today: the matched CRM account, or its survivor
-- after a merge. Usage before the merge moves with it.
with user_days as (
    select
        source_system,
        account_key,
        min(usage_date) as first_usage_date,
        max(usage_date) as last_usage_date,
        sum(events) as events
    from {{ ref('int_product_user_days') }}
    where events > 0
    group by
        source_system,
        account_key
),

reported as (
    select
        source_system,
        account_key,
        min(usage_date) as first_usage_date,
        max(usage_date) as last_usage_date,
        sum(events) as events
    from {{ ref('int_product_reported_days') }}
    group by
        source_system,
        account_key
),

united as (
    select
        source_system,
        account_key,
        min(first_usage_date) as first_usage_date,
        max(last_usage_date) as last_usage_date,
        cast(sum(events) as bigint) as events
    from (
        select * from user_days
        union all
        select * from reported
    ) as both_kinds
    group by
        source_system,
        account_key
),

xref as (
    select
        source_system,
        system_key,
        account_id
    from {{ ref('int_account_xref') }}
),

survivors as (
    select
        account_id,
        survivor_account_id
    from {{ ref('int_account_survivors') }}
),

final as (
    select
        united.source_system,
        united.account_key,
        coalesce(survivors.survivor_account_id, xref.account_id, 'unassigned') as account_id,
        united.first_usage_date,
        united.last_usage_date,
        united.events
    from united
    left outer join xref
        on
            united.source_system = xref.source_system
            and united.account_key = xref.system_key
    left outer join survivors
        on xref.account_id = survivors.account_id
)

select * from final
