-- Grain: one row per subscription and load that brought something new about it.
{{ config(enabled=source_is_on('billing', 'files')) }}

with versions as (
    select
        subscription_id,
        account_id,
        status,
        currency,
        ended_at,
        current_term_end,
        _dlt_load_id
    from {{ source('raw_files', 'subscriptions') }}
    qualify {{ is_newest(['subscription_id', '_dlt_load_id']) }}
),

deliveries as (
    {{ files_delivery_days('subscriptions') }}
),

final as (
    select
        versions.subscription_id,
        versions.account_id,
        versions._dlt_load_id as load_id,
        lower(versions.status) as status,
        upper(trim(versions.currency)) as currency,
        cast({{ end_day('versions.ended_at', 'timestamp') }} as date) as ended_on,
        {{ end_day('versions.current_term_end') }} as current_term_end,
        deliveries.delivered_on
    from versions
    left outer join deliveries
        on versions._dlt_load_id = deliveries.load_id
)

select * from final
