-- Grain: one row per subscription item and first day of a version (files), in canonical words.
-- A version that a whole delivery no longer has never was, while its item stays. An item of which
-- nothing is left ended that day; so did one whose subscription went with it.
{{ config(enabled=source_is_on('billing', 'files')) }}

with items as (
    select
        subscription_item_id,
        subscription_id,
        valid_from,
        valid_to,
        plan_id,
        product_id,
        quantity,
        unit_amount,
        billing_interval,
        interval_count,
        usage_type,
        discount_percent,
        discount_amount,
        discount_duration,
        discount_until,
        case when gone_on <= {{ as_of_date() }} then gone_load_id end as gone_load_id,
        case when gone_on <= {{ as_of_date() }} then gone_on end as gone_on
    from {{ ref('stg_files__subscription_items') }}
),

words as (
    select distinct
        field,
        {{ folded_word('value') }} as word,
        meaning
    from {{ ref('vocabulary') }}
    where field in ('billing_interval', 'usage_type', 'discount_duration')
),

weighed as (
    select
        *,
        max(gone_load_id) over (partition by subscription_item_id) as last_gone_load_id,
        bool_or(gone_load_id is null) over (partition by subscription_item_id) as is_item_there
    from items
),

kept as (
    select *
    from weighed
    where
        gone_load_id is null
        or (not is_item_there and gone_load_id = last_gone_load_id)
),

final as (
    select
        kept.subscription_item_id,
        kept.subscription_id,
        kept.valid_from,
        nullif(
            least(
                coalesce(kept.valid_to, cast('9999-12-31' as date)),
                coalesce(kept.gone_on, cast('9999-12-31' as date))
            ),
            cast('9999-12-31' as date)
        ) as valid_to,
        kept.plan_id,
        kept.product_id,
        kept.quantity,
        kept.unit_amount,
        -- The meaning of an interval is its unit, after a number where it is several of them.
        case
            when intervals.meaning like '% %' then split_part(intervals.meaning, ' ', 2)
            else coalesce(intervals.meaning, kept.billing_interval)
        end as billing_interval,
        cast(
            coalesce(kept.interval_count, 1) * case
                when intervals.meaning like '% %'
                    then cast(split_part(intervals.meaning, ' ', 1) as integer)
                else 1
            end as integer
        ) as interval_count,
        coalesce(usage_types.meaning, kept.usage_type) as usage_type,
        kept.discount_percent,
        kept.discount_amount,
        coalesce(durations.meaning, kept.discount_duration) as discount_duration,
        kept.discount_until,
        kept.gone_on
    from kept
    left outer join words as intervals
        on
            intervals.field = 'billing_interval'
            and {{ folded_word('kept.billing_interval') }} = intervals.word
    left outer join words as usage_types
        on
            usage_types.field = 'usage_type'
            and {{ folded_word('kept.usage_type') }} = usage_types.word
    left outer join words as durations
        on
            durations.field = 'discount_duration'
            and {{ folded_word('kept.discount_duration') }} = durations.word
)

select * from final
