-- Stripe lists discounts by their ids unless an export expands them, and ids say nothing of prices.
-- Named here are discounts that nothing tells: their subscriptions count at the gross price. Export
-- subscriptions with expand[]=data.discounts.source.coupon, and invoices too for discounts that are
-- over; before API version 2025-09-30 expand[]=data.discounts is enough. Trials and what was never
-- paid bear no ARR and need none.
{{ config(
    severity='warn',
    enabled=source_is_on('billing', 'stripe'),
    meta={'dagster': {'ref': {'name': 'int_stripe_line_discounts'}}}
) }}

with line_discounts as (
    select
        subscription_item_id,
        subscription_id,
        discount_id,
        valid_from
    from {{ ref('int_stripe_line_discounts') }}
    where told_by = 'nothing'
),

billable as (
    select
        subscription_item_id,
        valid_from
    from {{ ref('int_stripe_line_versions') }}
    where {{ is_billable_status('status') }}
),

final as (
    select
        line_discounts.subscription_id,
        line_discounts.discount_id,
        min(line_discounts.valid_from) as counts_gross_from,
        'export with expand[]=data.discounts.source.coupon' as remedy
    from line_discounts
    inner join billable
        on
            line_discounts.subscription_item_id = billable.subscription_item_id
            and line_discounts.valid_from = billable.valid_from
    group by
        line_discounts.subscription_id,
        line_discounts.discount_id
)

select * from final
