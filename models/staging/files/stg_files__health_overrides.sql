-- Grain: one row per account and first day of validity.
{{ config(enabled=source_is_on('crm', 'files')) }}

with newest as (
    select *
    from {{ source('raw_files', 'health_overrides') }}
    qualify {{ is_newest(['account_id', 'valid_from']) }}
),

final as (
    select
        account_id,
        score,
        author,
        reason,
        valid_from,
        expires_at
    from newest
)

select * from final
