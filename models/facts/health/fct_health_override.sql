-- Grain: one row per override of a health score by a person.
with overrides as (
    select
        source_system,
        health_override_id,
        account_id,
        score,
        author,
        reason,
        valid_from,
        expires_on
    from {{ ref('int_crm_health_overrides') }}
),

final as (
    select
        source_system,
        health_override_id,
        account_id,
        cast(score as decimal(9, 4)) as score,
        author,
        reason,
        valid_from,
        expires_on
    from overrides
)

select * from final
