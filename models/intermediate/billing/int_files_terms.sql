-- Grain: one row per subscription of the files source: whether it renews by itself, and how far
-- what was signed for it reaches: a price of its own from a day on, or up to a day.
{{ config(enabled=source_is_on('billing', 'files')) }}

with subscriptions as (
    select
        subscription_id,
        auto_renew
    from {{ ref('stg_files__subscriptions') }}
),

items as (
    select
        subscription_id,
        valid_from,
        valid_to
    from {{ ref('int_files_items') }}
    where coalesce(valid_to > valid_from, true)
),

signed as (
    select
        subscription_id,
        max(greatest({{ add_days('valid_from', 1) }}, coalesce(valid_to, valid_from)))
            as signed_until
    from items
    group by subscription_id
),

final as (
    select
        subscriptions.subscription_id,
        coalesce(subscriptions.auto_renew, false) as is_auto_renewed,
        signed.signed_until
    from subscriptions
    left outer join signed
        on subscriptions.subscription_id = signed.subscription_id
)

select * from final
