-- Grain: one row per currency and first day of the rate.
{{ config(enabled=source_is_on_anywhere('files')) }}

with newest as (
    select *
    from {{ source('raw_files', 'fx_rates') }}
    qualify {{ is_newest_there(['currency', 'valid_from']) }}
),

final as (
    select
        upper(trim(currency)) as currency,
        valid_from,
        rate_to_reporting
    from newest
)

select * from final
