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
        discount_ids,
        found_discount_ids
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

followed as (
    select
        *,
        lag(created_at) over history as before_at,
        lag(discount_ids) over history as before_ids
    from events
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
        found_discount_ids as found_ids
    from followed
    where
        event_type = 'customer.subscription.updated'
        and before_ids <> found_discount_ids
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
    {%- for ids in ['before_ids', 'found_ids'] %}
    select
        subscription_id,
        shown_by,
        customer_id,
        since,
        found_on,
        {{ ids }} as listed_ids,
        {{ 'true' if ids == 'before_ids' else 'false' }} as is_before,
        {{ json_places(ids) }} as place
    from compared
    {{- '\n    union all' if not loop.last }}
    {%- endfor %}
),

named as (
    select
        *,
        {{ json_text_at('listed_ids', "'$[' || cast(place as varchar) || ']'") }} as discount_id
    from ids
),

changed as (
    select
        subscription_id,
        shown_by,
        customer_id,
        since,
        found_on,
        discount_id,
        bool_or(is_before) as is_gone
    from named
    group by
        subscription_id,
        shown_by,
        customer_id,
        since,
        found_on,
        discount_id
    having count(*) = 1
),

final as (
    select
        changed.subscription_id,
        changed.shown_by,
        'event_missing' as gap,
        changed.customer_id,
        changed.since,
        concat(
            'no event tells of a change of its discounts between ',
            cast(changed.since as varchar), ' and ', cast(changed.found_on as varchar), ' (',
            string_agg(
                case when changed.is_gone then 'without ' else 'with ' end || changed.discount_id,
                ', ' order by changed.is_gone desc, changed.discount_id asc
            ),
            '); it counts from then on'
        ) as what_is_missing
    from changed
    left outer join discounts
        on changed.discount_id = discounts.discount_id
    where
        not changed.is_gone
        or not coalesce(discounts.is_once or discounts.ends_on <= changed.found_on, false)
    group by
        changed.subscription_id,
        changed.shown_by,
        changed.customer_id,
        changed.since,
        changed.found_on
)

select * from final
