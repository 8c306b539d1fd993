-- Grain: one row per closed month: the policy it was closed under, and has the definition changed.
with closes as (
    select
        close_month,
        definition_version
    from {{ ref('int_ledger_closes') }}
),

account_months as (
    select
        close_month,
        max(metric_policy) as metric_policy
    from {{ ref('int_ledger_account_months') }}
    group by close_month
),

current_definition as (
    select max(definition_version) as definition_version
    from {{ ref('stg_ledger__definition') }}
),

final as (
    select
        closes.close_month,
        closes.definition_version as closed_definition_version,
        account_months.metric_policy,
        coalesce(
            closes.definition_version <> current_definition.definition_version, false
        ) as is_definition_changed
    from closes
    cross join current_definition
    left outer join account_months
        on closes.close_month = account_months.close_month
)

select * from final
