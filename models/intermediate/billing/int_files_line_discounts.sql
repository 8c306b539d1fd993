-- Grain: one row per line version with a discount (files: one discount per version).
{{ config(enabled=source_is_on('billing', 'files')) }}

with items as (
    select
        subscription_item_id,
        valid_from,
        discount_percent,
        discount_amount,
        discount_duration,
        discount_until
    from {{ ref('int_files_items') }}
    where discount_percent is not null or discount_amount is not null
),

versions as (
    select
        subscription_item_id,
        valid_from,
        item_valid_from
    from {{ ref('int_files_line_versions') }}
),

final as (
    select
        versions.subscription_item_id,
        versions.valid_from,
        'item' as discount_id,
        coalesce(items.discount_duration, 'forever') as duration,
        items.discount_percent as percent_off,
        items.discount_amount as amount_off,
        cast(null as date) as discount_from,
        items.discount_until as discount_to
    from versions
    inner join items
        on
            versions.subscription_item_id = items.subscription_item_id
            and versions.item_valid_from = items.valid_from
)

select * from final
