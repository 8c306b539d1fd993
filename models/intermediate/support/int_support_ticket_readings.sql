-- Grain: one row per source system, ticket, field and number of the event as it was read.
-- What each event says, in the words of the vocabulary, in the order of their times, ids, loads and
-- lines. Events of one moment have one first_number; their order is not settled here.
{% set columns = {
    'ticket_id': 'varchar',
    'occurred_at': 'timestamp',
    'field_name': 'varchar',
    'field_value': 'varchar',
    'previous_value': 'varchar',
    'actor_role': 'varchar',
    'actor_id': 'varchar',
    'event_id': 'varchar',
    'load_id': 'varchar',
    'source_line': 'bigint',
} %}

with united as (
    {{ union_systems(
        'support',
        {'zendesk': 'int_zendesk_ticket_events', 'files': 'int_files_ticket_events'},
        columns
    ) }}
),

words as (
    select
        field,
        word,
        meaning
    from {{ ref('int_vocabulary') }}
),

numbered as (
    select
        united.source_system,
        united.ticket_id,
        united.field_name,
        united.occurred_at,
        united.field_value as source_value,
        united.actor_role,
        united.actor_id,
        case
            when united.field_name not in ('status', 'priority') then united.field_value
            when meant.meaning is not null then meant.meaning
            when united.field_name = 'status' or nullif(trim(united.field_value), '') is not null
                then 'unknown'
        end as field_value,
        coalesce(said.meaning, united.previous_value) as previous_value,
        {{ whole_number('united.event_id') }} is not null as is_numbered,
        row_number() over (
            partition by united.source_system, united.ticket_id, united.field_name
            order by
                united.occurred_at,
                {{ whole_number('united.event_id') }} nulls last,
                united.event_id nulls last,
                united.load_id,
                united.source_line
        ) as read_number
    from united
    left outer join words as meant
        on
            meant.field = 'ticket_' || united.field_name
            and {{ folded_word('united.field_value') }} = meant.word
    left outer join words as said
        on
            said.field = 'ticket_' || united.field_name
            and {{ folded_word('united.previous_value') }} = said.word
    where cast(united.occurred_at as date) <= {{ as_of_date() }}
),

final as (
    select
        source_system,
        ticket_id,
        field_name,
        occurred_at,
        field_value,
        source_value,
        previous_value,
        is_numbered,
        actor_role,
        actor_id,
        read_number,
        min(read_number) over moment as first_number,
        count(*) over moment as moment_size
    from numbered
    window moment as (partition by source_system, ticket_id, field_name, occurred_at)
)

select * from final
