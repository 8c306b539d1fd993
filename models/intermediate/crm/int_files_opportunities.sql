-- Grain: one row per opportunity of the canonical files.
{{ config(enabled=source_is_on('crm', 'files'), materialized='view') }}

with final as (
    select
        opportunity_id,
        account_id,
        stage as stage_name,
        amount,
        currency,
        created_at,
        close_date,
        coalesce(is_won, false) as is_won,
        coalesce(is_closed, is_won, false) as is_closed,
        forecast_category,
        opportunity_type
    from {{ ref('stg_files__opportunities') }}
)

select * from final
