-- Grain: one row per event of a Stripe subscription that shares its second with another.
-- What the object was when the event found it, what it left, and what it was before the second:
-- its creation, else the last event before.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with events as (
    select
        event_id,
        subscription_id,
        event_type,
        created_at,
        load_id,
        source_file,
        source_line,
        subscription,
        previous_attributes
    from {{ ref('stg_stripe__subscription_events') }}
),

tied as (
    select
        *,
        {{ json_merged('subscription', "coalesce(previous_attributes, '{}')") }} as found,
        corr(
            source_line, {{ dbt.datediff("cast('1970-01-01' as date)", 'created_at', 'second') }}
        ) over (partition by load_id, source_file) < 0 as is_newest_first
    from events
    qualify count(*) over (partition by subscription_id, created_at) > 1
),

openings as (
    select
        tied.subscription_id,
        tied.created_at,
        events.subscription
    from tied
    inner join events
        on
            tied.subscription_id = events.subscription_id
            and (
                tied.created_at > events.created_at
                or (
                    tied.created_at = events.created_at
                    and events.event_type = 'customer.subscription.created'
                )
            )
    qualify
        row_number() over (
            partition by tied.subscription_id, tied.created_at
            order by events.created_at desc, events.event_id asc
        ) = 1
),

final as (
    select
        tied.event_id,
        tied.subscription_id,
        tied.created_at,
        case tied.event_type
            when 'customer.subscription.created' then 1
            when 'customer.subscription.deleted' then 3
            else 2
        end as kind,
        row_number() over (
            partition by tied.subscription_id, tied.created_at
            order by
                tied.load_id,
                case when tied.is_newest_first then -tied.source_line else tied.source_line end,
                tied.event_id
        ) as delivery_number,
        tied.found,
        tied.subscription as left_behind,
        openings.subscription as opening
    from tied
    left outer join openings
        on
            tied.subscription_id = openings.subscription_id
            and tied.created_at = openings.created_at
)

select * from final
