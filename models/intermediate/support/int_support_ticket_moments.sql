-- Grain: one row per event of a ticket's status or priority that shares its moment with another.
-- Its place among them, by what the events say: one that names its previous value follows the one
-- that led there. Else they come in the order of their numbers. Without numbers a change is never
-- to the value that was there, nor ever back to new; where there are two, the last one is never to
-- the value that comes next and, when nothing comes next, is the ticket's own. What is left is the
-- order of reading.
with recursive readings as (
    select
        source_system,
        ticket_id,
        field_name,
        occurred_at,
        field_value,
        previous_value,
        is_numbered,
        read_number,
        first_number,
        moment_size
    from {{ ref('int_support_ticket_readings') }}
    where field_name in ('status', 'priority')
),

records as (
    select
        source_system,
        ticket_id,
        status
    from {{ ref('int_support_ticket_records') }}
    where coalesce(cast(updated_at as date) <= {{ as_of_date() }}, true)
),

crowded as (
    select
        readings.source_system,
        readings.ticket_id,
        readings.field_name,
        readings.read_number,
        readings.first_number,
        readings.moment_size,
        readings.field_value,
        readings.previous_value,
        readings.is_numbered,
        earlier.field_value as value_before,
        later.field_value as value_after,
        case when readings.field_name = 'status' then records.status end as value_today
    from readings
    left outer join readings as earlier
        on
            readings.source_system = earlier.source_system
            and readings.ticket_id = earlier.ticket_id
            and readings.field_name = earlier.field_name
            and readings.first_number - 1 = earlier.read_number
    left outer join readings as later
        on
            readings.source_system = later.source_system
            and readings.ticket_id = later.ticket_id
            and readings.field_name = later.field_name
            and readings.first_number + readings.moment_size = later.read_number
    left outer join records
        on
            readings.source_system = records.source_system
            and readings.ticket_id = records.ticket_id
    where readings.moment_size > 1
),

-- What speaks against an event being the first of its moment.
judged as (
    select
        event.source_system,
        event.ticket_id,
        event.field_name,
        event.first_number,
        event.read_number,
        event.field_value,
        event.previous_value,
        4 * max(case when event.previous_value = other.field_value then 1 else 0 end)
        + 2 * max(case when event.previous_value = event.value_before then -1 else 0 end)
        + max(
            case
                when event.is_numbered then 0
                when event.field_value = event.value_before then 1
                when event.field_name = 'status' and other.field_value = 'new' then 1
                else 0
            end
        )
        + max(
            case
                when event.is_numbered or event.moment_size > 2 then 0
                when other.field_value = event.value_after then 1
                when event.value_after is null and other.field_value <> event.value_today then 1
                else 0
            end
        ) as objections
    from crowded as event
    inner join crowded as other
        on
            event.source_system = other.source_system
            and event.ticket_id = other.ticket_id
            and event.field_name = other.field_name
            and event.first_number = other.first_number
            and event.read_number <> other.read_number
    group by
        event.source_system,
        event.ticket_id,
        event.field_name,
        event.first_number,
        event.read_number,
        event.field_value,
        event.previous_value
),

ranked as (
    select
        *,
        row_number() over (
            partition by source_system, ticket_id, field_name, first_number
            order by objections, read_number
        ) as first_rank
    from judged
),

chain as (
    select
        source_system,
        ticket_id,
        field_name,
        first_number,
        read_number,
        field_value,
        1 as place,
        '|' || read_number || '|' as visited
    from ranked
    where first_rank = 1
    union all
    select
        following.source_system,
        following.ticket_id,
        following.field_name,
        following.first_number,
        following.read_number,
        following.field_value,
        chain.place + 1 as place,
        chain.visited || following.read_number || '|' as visited
    from chain
    inner join judged as following
        on
            chain.source_system = following.source_system
            and chain.ticket_id = following.ticket_id
            and chain.field_name = following.field_name
            and chain.first_number = following.first_number
    where chain.visited not like '%|' || following.read_number || '|%'
    qualify row_number() over (
        partition by
            following.source_system, following.ticket_id, following.field_name,
            following.first_number
        order by
            case when following.previous_value = chain.field_value then 0 else 1 end,
            following.read_number
    ) = 1
),

final as (
    select
        source_system,
        ticket_id,
        field_name,
        read_number,
        place
    from chain
)

select * from final
