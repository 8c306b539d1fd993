-- Grain: one row per source system, object of support and gap: what tickets do not tell.
-- Words that the vocabulary does not have, times that nobody knows, actors that are not exported.
with words as (
    select
        source_system,
        table_name,
        field,
        word,
        known_words,
        meanings,
        row_count,
        tickets,
        ticket_id,
        seen_since
    from {{ ref('int_support_unknown_words') }}
),

doubts as (
    select
        source_system,
        ticket_id,
        account_id,
        doubt,
        what_is_missing,
        since
    from {{ ref('int_support_ticket_doubts') }}
),

actors as (
    select
        source_system,
        coalesce(actor_id, 'unnamed') as actor_id,
        count(*) as comments,
        count(distinct ticket_id) as tickets,
        min(ticket_id) as ticket_id,
        cast(min(occurred_at) as date) as since
    from {{ ref('int_support_ticket_events') }}
    where field_name = 'public_comment' and actor_role is null
    group by
        source_system,
        coalesce(actor_id, 'unnamed')
),

homeless as (
    select
        tickets.source_system,
        count(*) as row_count,
        min(tickets.ticket_id) as ticket_id,
        cast(min(tickets.created_at) as date) as since
    from {{ ref('int_support_tickets') }} as tickets
    left outer join {{ ref('int_support_ticket_calendars') }} as calendars
        on
            tickets.source_system = calendars.source_system
            and tickets.ticket_id = calendars.ticket_id
    where calendars.ticket_id is null
    group by tickets.source_system
),

gaps as (
    select
        source_system,
        field as object_type,
        table_name || ': ' || word as object_id,
        field || '_unknown' as gap,
        replace(replace(field, 'ticket_', ''), '_', ' ') || ' ''' || word || ''' of table '
        || table_name || ' (ticket ' || ticket_id
        || case when tickets > 1 then ' and ' || (tickets - 1) || ' more' else '' end
        || ') is not known. Known are: ' || known_words || '.' as what_is_missing,
        cast(null as varchar) as account_id,
        row_count,
        seen_since as since,
        'Add the word to seeds/vocabulary.csv (field ' || field || ') with what it means: '
        || meanings || '.' as remedy,
        'warning' as severity
    from words
    union all
    select
        source_system,
        'ticket' as object_type,
        ticket_id as object_id,
        doubt as gap,
        what_is_missing,
        account_id,
        1 as row_count,
        since,
        case doubt
            when 'time_before_creation'
                then
                    'Export the time at which the customer created the ticket, not the one at '
                    || 'which it was imported.'
            when 'status_differs_from_history'
                then 'Export the changes of statuses again, up to the time of the tickets.'
            else 'Export the changes of statuses (table ticket_events), or the solve time.'
        end as remedy,
        case doubt when 'reopen_time_unknown' then 'info' else 'warning' end as severity
    from doubts
    union all
    select
        source_system,
        'ticket_actor' as object_type,
        actor_id as object_id,
        'actor_unknown' as gap,
        case
            when actor_id = 'unnamed' then 'Nobody says who wrote '
            else 'Nobody says whether user ' || actor_id || ' is an agent, who wrote '
        end || comments || ' public comments in ' || tickets || ' tickets (ticket '
        || ticket_id || case when tickets > 1 then ' …' else '' end
        || '): they count as no answer.' as what_is_missing,
        cast(null as varchar) as account_id,
        comments as row_count,
        since,
        'Export the users with their roles, former agents too; in files give actor_role.'
            as remedy,
        'warning' as severity
    from actors
    union all
    select
        source_system,
        'business_calendar' as object_type,
        'all' as object_id,
        'calendar_missing' as gap,
        'No calendar applies to ' || row_count || ' tickets (ticket ' || ticket_id
        || ' …): they have no business minutes.' as what_is_missing,
        cast(null as varchar) as account_id,
        row_count,
        since,
        'Add a row that applies to `all` to seeds/business_calendars.csv.' as remedy,
        'warning' as severity
    from homeless
),

final as (
    select
        cast(source_system as varchar) as source_system,
        cast(object_type as varchar) as object_type,
        cast(object_id as varchar) as object_id,
        cast(gap as varchar) as gap,
        cast(what_is_missing as varchar) as what_is_missing,
        cast(account_id as varchar) as account_id,
        cast(row_count as bigint) as row_count,
        cast(null as decimal(18, 2)) as arr_affected,
        since,
        cast(remedy as varchar) as remedy,
        cast(severity as varchar) as severity
    from gaps
)

select * from final
