-- Grain: one row per delivered event row.
-- As stg_files__events, but with every version of a repeated event and with the load that brought
-- it: the usage models read only what is new and drop the repeats of the days they rebuild.
{{ config(enabled=source_is_on('product', 'files')) }}

with source as (
    select
        event_id,
        account_id,
        user_id,
        event_name,
        occurred_at,
        received_at,
        _dlt_load_id,
        _source_line
    from {{ source('raw_files', 'events') }}
),

final as (
    select
        event_id,
        account_id,
        user_id,
        event_name,
        occurred_at,
        received_at,
        _dlt_load_id as load_id,
        _source_line as source_line
    from source
)

select * from final
