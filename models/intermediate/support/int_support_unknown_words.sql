-- Grain: one row per source system, table, field of the vocabulary and word that it does not have.
-- With the meanings and words that it has, how often the word was seen, from when on, and where.
with records as (
    select
        source_system,
        ticket_id,
        created_at,
        status,
        priority,
        satisfaction,
        source_status,
        source_priority,
        source_satisfaction
    from {{ ref('int_support_ticket_records') }}
),

seen as (
    select
        source_system,
        case source_system when 'zendesk' then 'ticket' else 'tickets' end as table_name,
        'ticket_status' as field,
        coalesce(source_status, '') as word,
        ticket_id,
        created_at as seen_at
    from records
    where status = 'unknown'
    union all
    select
        source_system,
        case source_system when 'zendesk' then 'ticket' else 'tickets' end as table_name,
        'ticket_priority' as field,
        source_priority as word,
        ticket_id,
        created_at as seen_at
    from records
    where priority = 'unknown'
    union all
    select
        source_system,
        case source_system when 'zendesk' then 'ticket' else 'tickets' end as table_name,
        'satisfaction' as field,
        source_satisfaction as word,
        ticket_id,
        created_at as seen_at
    from records
    where source_satisfaction is not null and satisfaction is null
    union all
    select
        source_system,
        case source_system when 'zendesk' then 'ticket_field_history' else 'ticket_events' end
            as table_name,
        'ticket_' || field_name as field,
        coalesce(source_value, '') as word,
        ticket_id,
        occurred_at as seen_at
    from {{ ref('int_support_ticket_events') }}
    where field_name in ('status', 'priority') and field_value = 'unknown'
    {%- if source_is_on('support', 'files') %}
    union all
    select
        'files' as source_system,
        'ticket_events' as table_name,
        'ticket_event_field' as field,
        events.field as word,
        events.ticket_id,
        events.occurred_at as seen_at
    from {{ ref('stg_files__ticket_events') }} as events
    left outer join {{ ref('int_vocabulary') }} as words
        on
            words.field = 'ticket_event_field'
            and {{ folded_word('events.field') }} = words.word
    where words.word is null and cast(events.occurred_at as date) <= {{ as_of_date() }}
    {%- endif %}
),

known as (
    select
        field,
        string_agg(distinct replace(word, '_', ' '), ', ' order by replace(word, '_', ' '))
            as known_words,
        string_agg(distinct meaning, ', ' order by meaning) as meanings
    from {{ ref('int_vocabulary') }}
    group by field
),

final as (
    select
        seen.source_system,
        seen.table_name,
        seen.field,
        seen.word,
        known.known_words,
        known.meanings,
        count(*) as row_count,
        count(distinct seen.ticket_id) as tickets,
        min(seen.ticket_id) as ticket_id,
        cast(min(seen.seen_at) as date) as seen_since
    from seen
    left outer join known
        on seen.field = known.field
    group by
        seen.source_system,
        seen.table_name,
        seen.field,
        seen.word,
        known.known_words,
        known.meanings
)

select * from final
