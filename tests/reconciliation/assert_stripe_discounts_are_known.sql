-- Stripe lists discounts by their ids unless an export expands them, and ids say nothing of prices.
-- Named here are subscriptions with a discount that nothing tells: they count at their gross price.
-- So does one that is still running and that a single billing period has on its invoice, since what
-- it takes off is known but not for how long. Export subscriptions with
-- expand[]=data.discounts.source.coupon, and invoices too for discounts that are over; before API
-- version 2025-09-30 expand[]=data.discounts is enough.
{{ config(
    severity='warn',
    enabled=source_is_on('billing', 'stripe'),
    meta={'dagster': {'ref': {'name': 'int_stripe_line_discounts'}}}
) }}

with line_discounts as (
    select
        subscription_item_id,
        subscription_id,
        valid_from,
        discount_id,
        told_by,
        duration
    from {{ ref('int_stripe_line_discounts') }}
),

running as (
    select
        subscription_item_id,
        valid_from
    from {{ ref('int_stripe_line_versions') }}
    where valid_to is null
),

final as (
    select
        line_discounts.subscription_id,
        line_discounts.discount_id,
        case
            when line_discounts.told_by = 'nothing' then 'nothing tells what it takes off'
            else 'one billing period has it: for how long is not known'
        end as reason,
        'export with expand[]=data.discounts.source.coupon' as remedy,
        min(line_discounts.valid_from) as counts_gross_from
    from line_discounts
    left outer join running
        on
            line_discounts.subscription_item_id = running.subscription_item_id
            and line_discounts.valid_from = running.valid_from
    where
        line_discounts.told_by = 'nothing'
        or (
            line_discounts.told_by = 'invoice_lines'
            and line_discounts.duration = 'once'
            and running.valid_from is not null
        )
    group by
        line_discounts.subscription_id,
        line_discounts.discount_id,
        line_discounts.told_by
)

select * from final
