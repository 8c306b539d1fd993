-- Grain: one row per recurring line of a Stripe invoice that tells what no object does.
-- Of a subscription with a gap the lines about the time before its first event or load; of one
-- whose list of items was cut at a page all lines.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with gaps as (
    select
        subscription_id,
        started_on,
        told_from
    from {{ ref('int_stripe_event_gaps') }}
),

cut_lists as (
    select
        subscription_id,
        min(started_on) as started_on
    from {{ ref('int_stripe_listed_items') }}
    where is_cut
    group by subscription_id
),

silent as (
    select
        coalesce(gaps.subscription_id, cut_lists.subscription_id) as subscription_id,
        coalesce(gaps.started_on, cut_lists.started_on) as started_on,
        case when cut_lists.subscription_id is null then gaps.told_from end as told_from
    from gaps
    full outer join cut_lists
        on gaps.subscription_id = cut_lists.subscription_id
),

lines as (
    select
        subscription_id,
        invoice_id,
        line_item_id,
        issued_at,
        subscription_item_id,
        price_id,
        price_key,
        usage_type,
        currency,
        quantity,
        is_proration,
        is_credit,
        is_whole_period,
        period_started_at,
        period_start,
        period_end
    from {{ ref('int_stripe_recurring_lines') }}
    where not is_void
),

final as (
    select
        lines.subscription_id,
        lines.invoice_id,
        lines.line_item_id,
        lines.issued_at,
        silent.started_on,
        lines.subscription_item_id,
        lines.price_id,
        lines.price_key,
        lines.usage_type,
        lines.currency,
        -- What was used is no quantity that was agreed.
        case when lines.usage_type = 'licensed' then lines.quantity end as quantity,
        lines.is_proration,
        lines.is_credit,
        lines.is_whole_period,
        lines.period_started_at,
        lines.period_start,
        lines.period_end
    from lines
    inner join silent
        on
            lines.subscription_id = silent.subscription_id
            and (silent.told_from is null or lines.period_start < silent.told_from)
)

select * from final
