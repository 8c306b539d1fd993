-- Grain: one row per change or public comment of a ticket in the canonical files.
-- A field that the vocabulary does not know is left out here and told by int_support_gaps.
{{ config(enabled=source_is_on('support', 'files'), materialized='view') }}

with words as (
    select
        field,
        word,
        meaning
    from {{ ref('int_vocabulary') }}
),

final as (
    select
        events.ticket_id,
        events.occurred_at,
        fields.meaning as field_name,
        events.value as field_value,
        events.previous_value,
        roles.meaning as actor_role,
        cast(null as varchar) as actor_id,
        events.event_id,
        events.load_id,
        events.source_line
    from {{ ref('stg_files__ticket_events') }} as events
    inner join words as fields
        on
            fields.field = 'ticket_event_field'
            and {{ folded_word('events.field') }} = fields.word
    left outer join words as roles
        on
            roles.field = 'actor_role'
            and {{ folded_word('events.actor_role') }} = roles.word
)

select * from final
