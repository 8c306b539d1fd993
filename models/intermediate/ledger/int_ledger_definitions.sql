-- Grain: one row per closed month: has the metric definition changed since.
with closes as (
    select
        close_month,
        definition_version
    from {{ ref('int_ledger_closes') }}
),

current_definition as (
    select max(definition_version) as definition_version
    from {{ ref('stg_ledger__definition') }}
),

final as (
    select
        closes.close_month,
        closes.definition_version as closed_definition_version,
        coalesce(
            closes.definition_version <> current_definition.definition_version, false
        ) as is_definition_changed
    from closes
    cross join current_definition
)

select * from final
