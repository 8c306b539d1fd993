-- Grain: one row per source system, ticket, field and number of the event, up to the as-of date.
-- Status and priority in the words of the vocabulary; a word that nobody knows is `unknown`. The
-- number is the order in which the events of a field came (int_support_ticket_moments puts those
-- of one moment in order).
with events as (
    select
        source_system,
        ticket_id,
        field_name,
        occurred_at,
        field_value,
        source_value,
        actor_role,
        actor_id,
        read_number,
        first_number
    from {{ ref('int_support_ticket_readings') }}
),

moments as (
    select
        source_system,
        ticket_id,
        field_name,
        read_number,
        place
    from {{ ref('int_support_ticket_moments') }}
),

final as (
    select
        events.source_system,
        events.ticket_id,
        events.field_name,
        events.occurred_at,
        events.field_value,
        events.source_value,
        events.actor_role,
        events.actor_id,
        case
            when moments.place is null then events.read_number
            else events.first_number + moments.place - 1
        end as event_number
    from events
    left outer join moments
        on
            events.source_system = moments.source_system
            and events.ticket_id = moments.ticket_id
            and events.field_name = moments.field_name
            and events.read_number = moments.read_number
)

select * from final
