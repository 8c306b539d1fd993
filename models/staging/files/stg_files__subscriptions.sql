-- Grain: one row per subscription.
{{ config(enabled=source_is_on('billing', 'files')) }}

with newest as (
    select *
    from {{ source('raw_files', 'subscriptions') }}
    qualify {{ is_newest(['subscription_id']) }}
),

final as (
    select
        subscription_id,
        account_id,
        lower(status) as status,
        started_at,
        signed_on,
        current_term_start,
        current_term_end,
        cancel_requested_at,
        ended_at,
        cancel_reason,
        upper(currency) as currency,
        auto_renew,
        is_trial,
        paused_from,
        paused_until,
        _dlt_load_id as load_id
    from newest
)

select * from final
