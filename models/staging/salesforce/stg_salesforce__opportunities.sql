-- Grain: one row per Salesforce opportunity, deleted ones included.
{{ config(enabled=source_is_on('crm', 'salesforce')) }}

with newest as (
    select *
    from {{ source('raw_salesforce', 'opportunity') }}
    qualify {{ is_newest(['id'], 'system_modstamp') }}
),

final as (
    select
        id as opportunity_id,
        account_id,
        name as opportunity_name,
        type as opportunity_type,
        stage_name,
        amount,
        close_date,
        forecast_category,
        created_date as created_at,
        system_modstamp as updated_at,
        upper(currency_iso_code) as currency,
        coalesce(is_won, false) as is_won,
        coalesce(is_closed, false) as is_closed,
        coalesce(is_deleted, false) as is_deleted
    from newest
)

select * from final
