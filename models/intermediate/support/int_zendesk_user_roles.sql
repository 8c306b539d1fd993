-- Grain: one row per Zendesk user that is exported or was ever at work, and version of it.
-- A role holds from the version that says it on, [valid_from, valid_to). Before the first version
-- that was loaded nobody says it: who was assigned a ticket, wrote a private comment, or set what
-- only agents set in the ticket of another was an agent (agent_from, agent_until), whatever became
-- of them; else the first version speaks for the past.
{{ config(enabled=source_is_on('support', 'zendesk')) }}

with versions as (
    select
        user_id,
        user_role,
        updated_at,
        row_number() over (partition by user_id order by updated_at) as version_number,
        lead(updated_at) over (partition by user_id order by updated_at) as valid_to
    from {{ ref('stg_zendesk__user_versions') }}
),

words as (
    select
        word,
        meaning
    from {{ ref('int_vocabulary') }}
    where field = 'actor_role'
),

work as (
    select
        field_value as user_id,
        changed_at as worked_at
    from {{ ref('stg_zendesk__ticket_field_history') }}
    where field_name in ('assignee', 'assignee_id') and field_value is not null
    union all
    select
        author_id as user_id,
        created_at as worked_at
    from {{ ref('stg_zendesk__ticket_comments') }}
    where not is_public
    union all
    select
        changes.user_id,
        changes.changed_at as worked_at
    from {{ ref('stg_zendesk__ticket_field_history') }} as changes
    inner join {{ ref('stg_zendesk__tickets') }} as tickets
        on changes.ticket_id = tickets.ticket_id
    where
        changes.user_id <> tickets.requester_id
        and changes.user_id <> '-1'
        and (
            changes.field_name in ('priority', 'assignee', 'assignee_id', 'group_id')
            or (
                changes.field_name = 'status'
                and lower(changes.field_value) in ('pending', 'hold', 'solved')
            )
        )
),

agents as (
    select
        user_id,
        min(worked_at) as agent_from,
        max(worked_at) as agent_until
    from work
    group by user_id
),

final as (
    select
        coalesce(versions.user_id, agents.user_id) as user_id,
        coalesce(versions.version_number, 1) as version_number,
        coalesce(versions.version_number = 1, true) as is_first,
        versions.updated_at as valid_from,
        versions.valid_to,
        words.meaning as actor_role,
        agents.agent_from,
        agents.agent_until
    from versions
    full outer join agents
        on versions.user_id = agents.user_id
    left outer join words
        on {{ folded_word('versions.user_role') }} = words.word
)

select * from final
