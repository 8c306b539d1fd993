-- Grain: one row per subscription of the files source that was to be canceled.
{{ config(enabled=source_is_on('billing', 'files'), materialized='view') }}

with final as (
    select
        subscription_id,
        account_id as customer_key,
        cast(cancel_requested_at as date) as valid_from,
        cast(ended_at as date) as valid_to
    from {{ ref('stg_files__subscriptions') }}
    where cancel_requested_at is not null
)

select * from final
