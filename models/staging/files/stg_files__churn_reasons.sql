-- Grain: one row per account and churn day.
{{ config(enabled=source_is_on('crm', 'files')) }}

with newest as (
    select *
    from {{ source('raw_files', 'churn_reasons') }}
    qualify {{ is_newest_there(['account_id', 'churned_on']) }}
),

final as (
    select
        account_id,
        churned_on,
        reason,
        detail,
        is_controllable
    from newest
)

select * from final
