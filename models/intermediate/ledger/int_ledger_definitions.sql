-- Grain: one row per closed month: which policies, and has the definition, changed since?
with closes as (
    select
        close_month,
        closed_at,
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

compared as (
    select
        closes.close_month,
        closes.closed_at,
        closes.definition_version as closed_definition_version,
        account_months.metric_policy,
        {%- for policy in metric_policies() %}
        {{ is_other_policy(policy, 'account_months.metric_policy') }} as is_{{ policy }}_changed,
        {%- endfor %}
        coalesce(
            closes.definition_version <> current_definition.definition_version, false
        ) as is_definition_changed
    from closes
    cross join current_definition
    left outer join account_months
        on closes.close_month = account_months.close_month
),

final as (
    select
        *,
        (
            {%- for policy in metric_policies() %}
            {{ 'or ' if not loop.first }}is_{{ policy }}_changed
            {%- endfor %}
        ) as is_policy_changed
    from compared
)

select * from final
