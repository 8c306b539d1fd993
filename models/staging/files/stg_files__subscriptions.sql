-- Grain: one row per subscription.
{{ config(enabled=source_is_on('billing', 'files')) }}

with newest as (
    select *
    from {{ source('raw_files', 'subscriptions') }}
    qualify {{ is_newest(['subscription_id'], 'updated_at', can_go=true) }}
),

deliveries as (
    {{ files_delivery_days('subscriptions') }}
),

final as (
    select
        newest.subscription_id,
        newest.account_id,
        lower(newest.status) as status,
        newest.started_at,
        newest.signed_on,
        newest.current_term_start,
        {{ end_day('newest.current_term_end') }} as current_term_end,
        newest.cancel_requested_at,
        {{ end_day('newest.ended_at', 'timestamp') }} as ended_at,
        newest.cancel_reason,
        upper(trim(newest.currency)) as currency,
        newest.auto_renew,
        newest.is_trial,
        newest.paused_from,
        {{ end_day('newest.paused_until') }} as paused_until,
        newest.updated_at,
        newest._dlt_load_id as load_id,
        newest._gone_load_id as gone_load_id,
        deliveries.delivered_on as gone_on
    from newest
    left outer join deliveries
        on newest._gone_load_id = deliveries.load_id
)

select * from final
