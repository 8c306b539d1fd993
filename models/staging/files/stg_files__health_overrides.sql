-- Grain: one row per account and first day of validity.
{{ config(enabled=source_is_on('crm', 'files')) }}

with newest as (
    select *
    from {{ source('raw_files', 'health_overrides') }}
    qualify {{ is_newest_there(['account_id', 'valid_from']) }}
),

final as (
    select
        account_id,
        score,
        author,
        reason,
        valid_from,
        {{ end_day('expires_at') }} as expires_at
    from newest
)

select * from final
