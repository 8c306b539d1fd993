-- Grain: one row per Stripe subscription, gap and event or load at which it shows.
-- Changes that no event tells: the object says more than the last event, an event found something
-- else than the one before it left (previous_attributes), or the object is older than the events.
{{ config(enabled=source_is_on('billing', 'stripe')) }}
{% set is_hold = (var('pause_policy') == 'zero') | lower %}

with events as (
    select
        event_id,
        subscription_id,
        event_type,
        event_number,
        created_at,
        customer_id,
        status,
        is_paused,
        items,
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
        newer,
        difference
    from {{ ref('int_stripe_object_versions') }}
),

told_states as (
    select
        subscription_id,
        customer_id,
        status,
        is_paused,
        valid_from,
        state_source,
        state_key
    from {{ ref('int_stripe_told_states') }}
),

-- What invoices tell of the time before the first event.
invoiced as (
    select
        subscription_id,
        max(valid_from) as invoiced_at,
        max_by(status, valid_from) as invoiced_status,
        max_by(is_paused, valid_from) as is_invoiced_paused
    from told_states
    where state_source = 'invoice'
    group by subscription_id
),

texts as (
    select
        *,
        {{ stripe_items_text('items') }} as items_text,
        coalesce({{ json_text('previous_attributes', '$.status') }}, status) as found_status,
        {{ json_text(json_merged('subscription', 'previous_attributes'), '$.pause_collection') }}
        is not null as is_found_paused,
        case
            when {{ json_text('previous_attributes', '$.items.data') }} is not null
                then {{ stripe_items_text(json_text('previous_attributes', '$.items')) }}
            else {{ stripe_items_text('items') }}
        end as found_items_text
    from events
),

-- The first event is compared with what invoices tell; an incomplete start is no time they miss.
followed as (
    select
        texts.*,
        invoiced.subscription_id is not null and lag(texts.event_id) over history is null
            as is_after_invoices,
        coalesce(lag(texts.created_at) over history, cast(invoiced.invoiced_at as timestamp))
            as before_at,
        coalesce(lag(texts.status) over history, invoiced.invoiced_status) as before_status,
        coalesce(lag(texts.is_paused) over history, invoiced.is_invoiced_paused)
            as is_before_paused,
        lag(texts.items_text) over history as before_items_text
    from texts
    left outer join invoiced
        on texts.subscription_id = invoiced.subscription_id
    window history as (partition by texts.subscription_id order by texts.event_number)
),

-- Only what bears on ARR: whether the status bears any, and what there is to pay for. An end
-- changes no items: it found those that it has.
broken as (
    select
        *,
        event_type = 'customer.subscription.updated'
        and ({{ is_billable_status('before_status') }} and not ({{ is_hold }} and is_before_paused))
        <> ({{ is_billable_status('found_status') }} and not ({{ is_hold }} and is_found_paused))
        and not (is_after_invoices and found_status = 'incomplete') as is_other_status,
        -- Stripe expires what is not paid within 23 hours: it was paid in between.
        event_type = 'customer.subscription.deleted'
        and before_status = 'incomplete'
        and status <> 'incomplete_expired'
        and created_at >= {{ dbt.dateadd('hour', 24, 'before_at') }} as is_start_untold,
        concat(found_status, case when is_found_paused then ', paused' end) as found_text,
        concat(before_status, case when is_before_paused then ', paused' end) as before_text
    from followed
    where
        (event_type = 'customer.subscription.deleted' or previous_attributes is not null)
        and (
            is_other_status
            or is_start_untold
            or (
                before_items_text <> found_items_text
                and {{ is_billable_status('before_status') }}
            )
        )
),

last_versions as (
    select *
    from versions
    qualify row_number() over (partition by subscription_id order by load_id desc) = 1
),

final as (
    select
        told_states.subscription_id,
        'event_missing' as gap,
        told_states.state_key as shown_by,
        told_states.customer_id,
        told_states.valid_from as since,
        concat(
            'no event tells what its object says (', versions.difference,
            ' since the last event of ', cast(cast(versions.event_at as date) as varchar),
            '); it counts from ', cast(told_states.valid_from as varchar), ' on'
        ) as what_is_missing
    from told_states
    inner join versions
        on
            told_states.subscription_id = versions.subscription_id
            and told_states.state_source = 'load'
            and told_states.state_key = versions.load_id
    where versions.difference is not null
    union all
    select
        subscription_id,
        'event_missing' as gap,
        event_id as shown_by,
        customer_id,
        cast(before_at as date) as since,
        concat(
            'an event is missing between ', cast(cast(before_at as date) as varchar), ' and ',
            cast(cast(created_at as date) as varchar), ': event ', event_id, ' found ',
            case
                when is_other_status
                    then concat(
                        'the status ', found_text,
                        case
                            when is_after_invoices then ', its invoices tell '
                            else ', the one before it left '
                        end, before_text
                    )
                when is_start_untold
                    then 'the end, the one before it left an unpaid start, a day ago or more'
                else concat(
                    'the items ', found_items_text, ', the one before it left ', before_items_text
                )
            end,
            '; what lies between is not known and counts as before'
        ) as what_is_missing
    from broken
    union all
    select
        told_states.subscription_id,
        'object_outdated' as gap,
        last_versions.load_id as shown_by,
        told_states.customer_id,
        cast(last_versions.event_at as date) as since,
        concat(
            'its object is older than its last event of ',
            cast(cast(last_versions.event_at as date) as varchar), ' (', last_versions.difference,
            '), or an event after it is missing; the event counts'
        ) as what_is_missing
    from last_versions
    inner join told_states
        on last_versions.subscription_id = told_states.subscription_id
    where
        last_versions.newer = 'event'
        and last_versions.difference is not null
        and cast(last_versions.event_at as date) <= {{ as_of_date() }}
    qualify
        row_number() over (
            partition by told_states.subscription_id
            order by told_states.valid_from desc, told_states.state_key desc
        ) = 1
)

select * from final
