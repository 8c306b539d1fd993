-- Grain: one row per plan.
{{ config(enabled=source_is_on('billing', 'files')) }}

with newest as (
    select *
    from {{ source('raw_files', 'plans') }}
    qualify {{ is_newest(['plan_id'], none, can_go=true) }}
),

final as (
    select
        plan_id,
        product_id,
        plan_name,
        billing_interval,
        interval_count,
        unit_amount,
        upper(trim(currency)) as currency,
        included_seats,
        usage_type
    from newest
)

select * from final
