-- Grain: one row per Stripe subscription and event or load that has other discounts than the one
-- before it left, though nothing tells of the change.
-- A discount that ran out by itself is gone without an event, and so is one that was for one bill.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with events as (
    select
        event_id,
        subscription_id,
        event_type,
        event_number,
        created_at,
        customer_id,
        status,
        items,
        discount,
        discounts,
        subscription,
        previous_attributes
    from {{ ref('int_stripe_subscription_events') }}
    where cast(created_at as date) <= {{ as_of_date() }}
),

versions as (
    select
        subscription_id,
        load_id,
        event_at,
        event_discount_ids,
        discount_ids
    from {{ ref('int_stripe_object_versions') }}
),

told_states as (
    select
        subscription_id,
        customer_id,
        status,
        valid_from,
        state_source,
        state_key
    from {{ ref('int_stripe_told_states') }}
),

discounts as (
    select
        discount_id,
        bool_or(duration = 'once') as is_once,
        min(ends_on) as ends_on
    from {{ ref('int_stripe_discounts') }}
    group by discount_id
),

found as (
    select
        *,
        {{ stripe_discount_ids('discount', 'discounts', 'items') }} as discount_ids,
        {{ json_merged('subscription', 'previous_attributes') }} as before_event
    from events
),

followed as (
    select
        *,
        {{ stripe_discount_ids(
            json_text('before_event', '$.discount'), json_text('before_event', '$.discounts'),
            json_text('before_event', '$.items')
        ) }} as found_ids,
        lag(created_at) over history as before_at,
        lag(discount_ids) over history as before_ids
    from found
    window history as (partition by subscription_id order by event_number)
),

-- What was left, what was found, and when it shows.
compared as (
    select
        subscription_id,
        event_id as shown_by,
        customer_id,
        cast(before_at as date) as since,
        cast(created_at as date) as found_on,
        before_ids,
        found_ids
    from followed
    where
        event_type = 'customer.subscription.updated'
        and previous_attributes is not null
        and before_ids <> found_ids
    union all
    select
        told_states.subscription_id,
        told_states.state_key as shown_by,
        told_states.customer_id,
        cast(versions.event_at as date) as since,
        told_states.valid_from as found_on,
        versions.event_discount_ids as before_ids,
        versions.discount_ids as found_ids
    from told_states
    inner join versions
        on
            told_states.subscription_id = versions.subscription_id
            and told_states.state_source = 'load'
            and told_states.state_key = versions.load_id
    where
        not {{ is_over('told_states.status') }}
        and versions.event_discount_ids <> versions.discount_ids
),

ids as (
    select
        subscription_id,
        shown_by,
        before_ids as listed_ids,
        true as is_before,
        {{ json_places('before_ids') }} as place
    from compared
    union all
    select
        subscription_id,
        shown_by,
        found_ids as listed_ids,
        false as is_before,
        {{ json_places('found_ids') }} as place
    from compared
),

named as (
    select
        subscription_id,
        shown_by,
        is_before,
        {{ json_text_at('listed_ids', "'$[' || cast(place as varchar) || ']'") }} as listed_id
    from ids
),

changed as (
    select
        subscription_id,
        shown_by,
        listed_id,
        coalesce(nullif({{ dbt.split_part('listed_id', "' '", 2) }}, ''), listed_id)
            as discount_id,
        bool_or(is_before) as is_gone
    from named
    group by
        subscription_id,
        shown_by,
        listed_id
    having count(*) = 1
),

final as (
    select
        compared.subscription_id,
        compared.shown_by,
        'event_missing' as gap,
        min(compared.customer_id) as customer_id,
        min(compared.since) as since,
        concat(
            'no event tells of a change of its discounts between ',
            cast(min(compared.since) as varchar), ' and ',
            cast(min(compared.found_on) as varchar), ' (',
            string_agg(
                case when changed.is_gone then 'without ' else 'with ' end || changed.listed_id,
                ', ' order by changed.is_gone desc, changed.listed_id asc
            ),
            '); it counts from then on'
        ) as what_is_missing
    from compared
    inner join changed
        on
            compared.subscription_id = changed.subscription_id
            and compared.shown_by = changed.shown_by
    left outer join discounts
        on changed.discount_id = discounts.discount_id
    where
        not changed.is_gone
        or not coalesce(discounts.is_once or discounts.ends_on <= compared.found_on, false)
    group by
        compared.subscription_id,
        compared.shown_by
)

select * from final
