-- Grain: one row per subscription item of the files source and thing that its versions leave open.
{{ config(enabled=source_is_on('billing', 'files'), materialized='view') }}
{% set gaps = [
    {
        'gap': 'subscription_unknown',
        'condition': 'is_orphan',
        'what': "'Item ' || item_id || ' belongs to subscription ' || subscription_id"
            ~ " || ', which no row of subscriptions has: its ARR is left out'",
        'since': 'first_day',
        'remedy': 'Deliver the subscription, or correct subscription_id',
        'severity': 'error',
    },
    {
        'gap': 'interval_unknown',
        'condition': 'strange_interval is not null',
        'what': "'Item ' || item_id || ' is billed per ''' || strange_interval"
            ~ " || ''', which is no known interval: its ARR is unknown'",
        'since': 'first_day',
        'remedy': 'Add the word and its meaning to seeds/vocabulary.csv (field billing_interval)',
        'severity': 'error',
    },
    {
        'gap': 'usage_type_unknown',
        'condition': 'strange_usage_type is not null',
        'what': "'Item ' || item_id || ' is of usage type ''' || strange_usage_type"
            ~ " || ''', which is not known: its quantity counts as committed'",
        'since': 'first_day',
        'remedy': 'Add the word and its meaning to seeds/vocabulary.csv (field usage_type)',
        'severity': 'warning',
    },
    {
        'gap': 'discount_end_unknown',
        'condition': 'endless_discount_from is not null',
        'what': "'Item ' || item_id || ' has a discount for a time and no discount_until: it '"
            ~ " || 'counts for ever'",
        'since': 'endless_discount_from',
        'remedy': 'Deliver discount_until, or the duration forever',
        'severity': 'warning',
    },
    {
        'gap': 'item_gone',
        'condition': 'item_gone_on is not null and not is_orphan',
        'what': "'Item ' || item_id || ' is gone from the delivery of '"
            ~ " || cast(item_gone_on as varchar) || ': it counts as ended that day'",
        'since': 'item_gone_on',
        'remedy': 'Deliver it again if it was left out, with valid_to where it ended',
        'severity': 'info',
    },
    {
        'gap': 'history_gone',
        'condition': 'first_day > first_day_ever',
        'what': "'Item ' || item_id || ' began on ' || cast(first_day_ever as varchar)"
            ~ " || ' and its versions before ' || cast(first_day as varchar)"
            ~ " || ' are gone from the delivery: they count as never having been'",
        'since': 'first_day_ever',
        'remedy': 'Deliver all versions; if the file holds only the newest ones, write delivery: '
            ~ '{subscription_items: increment} in mapping.yml',
        'severity': 'warning',
    },
] %}

with items as (
    select
        subscription_item_id,
        subscription_id,
        valid_from,
        billing_interval,
        usage_type,
        discount_percent,
        discount_amount,
        discount_duration,
        discount_until,
        gone_on
    from {{ ref('int_files_items') }}
),

delivered as (
    select
        subscription_item_id,
        min(valid_from) as first_day_ever
    from {{ ref('stg_files__subscription_items') }}
    group by subscription_item_id
),

subscriptions as (
    select
        subscription_id,
        account_id,
        gone_on
    from {{ ref('stg_files__subscriptions') }}
),

worth as (
    select
        subscription_item_id,
        sum(case when is_in_force then arr else 0 end) as arr
    from {{ ref('int_files_line_worth') }}
    group by subscription_item_id
),

summed as (
    select
        items.subscription_item_id as item_id,
        max(items.subscription_id) as subscription_id,
        min(items.valid_from) as first_day,
        max(
            case
                when items.billing_interval not in ('day', 'week', 'month', 'quarter', 'year')
                    then items.billing_interval
            end
        ) as strange_interval,
        max(
            case
                when items.usage_type not in ('licensed', 'metered') then items.usage_type
            end
        ) as strange_usage_type,
        min(
            case
                when
                    items.discount_duration = 'repeating'
                    and items.discount_until is null
                    and coalesce(items.discount_percent, items.discount_amount) > 0
                    then items.valid_from
            end
        ) as endless_discount_from,
        max(items.gone_on) as item_gone_on
    from items
    group by items.subscription_item_id
),

judged as (
    select
        summed.item_id,
        summed.subscription_id,
        subscriptions.account_id,
        subscriptions.subscription_id is null as is_orphan,
        summed.first_day,
        delivered.first_day_ever,
        summed.strange_interval,
        summed.strange_usage_type,
        summed.endless_discount_from,
        -- An item that went with its subscription is told of there.
        case when subscriptions.gone_on is null then summed.item_gone_on end as item_gone_on,
        worth.arr
    from summed
    inner join delivered
        on summed.item_id = delivered.subscription_item_id
    inner join worth
        on summed.item_id = worth.subscription_item_id
    left outer join subscriptions
        on summed.subscription_id = subscriptions.subscription_id
),

final as (
    {{- gap_rows('judged', 'subscription_item', 'item_id', gaps) }}
)

select * from final
