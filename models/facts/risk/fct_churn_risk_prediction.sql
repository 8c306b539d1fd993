-- Grain: one row per account and snapshot_on for which a churn model had been trained by then.
with contributions as (
    select
        account_id,
        snapshot_on,
        trained_on,
        contribution,
        model_version
    from {{ ref('fct_churn_risk_contribution') }}
),

final as (
    select
        account_id,
        snapshot_on,
        max(trained_on) as trained_on,
        1 / (1 + exp(-cast(sum(contribution) as double))) as probability,
        max(model_version) as model_version
    from contributions
    group by
        account_id,
        snapshot_on
)

select * from final
