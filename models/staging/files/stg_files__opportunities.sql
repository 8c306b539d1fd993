-- Grain: one row per opportunity.
{{ config(enabled=source_is_on('crm', 'files')) }}

with newest as (
    select *
    from {{ source('raw_files', 'opportunities') }}
    qualify {{ is_newest_there(['opportunity_id']) }}
),

final as (
    select
        opportunity_id,
        account_id,
        type as opportunity_type,
        stage,
        amount,
        upper(trim(currency)) as currency,
        created_at,
        close_date,
        is_won,
        is_closed,
        forecast_category
    from newest
)

select * from final
