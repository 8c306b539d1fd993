-- Grain: one row per Salesforce opportunity that is not deleted.
-- Salesforce's own types (New Business, Existing Business …) become new, expansion and renewal.
{{ config(enabled=source_is_on('crm', 'salesforce'), materialized='view') }}

with opportunities as (
    select
        opportunity_id,
        account_id,
        stage_name,
        amount,
        currency,
        created_at,
        close_date,
        is_won,
        is_closed,
        forecast_category,
        lower(opportunity_type) as vendor_type
    from {{ ref('stg_salesforce__opportunities') }}
    where not is_deleted and account_id is not null
),

final as (
    select
        opportunity_id,
        account_id,
        stage_name,
        amount,
        currency,
        created_at,
        close_date,
        is_won,
        is_closed,
        forecast_category,
        case
            when vendor_type like '%renew%' then 'renewal'
            when vendor_type is null or vendor_type like '%new%' then 'new'
            else 'expansion'
        end as opportunity_type
    from opportunities
)

select * from final
