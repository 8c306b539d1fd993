-- Grain: one row per subscription and load that brought it new or changed.
{{ config(enabled=source_is_on('billing', 'files')) }}

with versions as (
    select *
    from {{ source('raw_files', 'subscriptions') }}
    qualify {{ is_newest(['subscription_id', '_dlt_load_id']) }}
),

final as (
    select
        subscription_id,
        account_id,
        _dlt_load_id as load_id,
        cast({{ loaded_at('_dlt_load_id') }} as date) as delivered_on
    from versions
)

select * from final
