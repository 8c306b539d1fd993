-- Grain: one row per comment on a ticket.
{{ config(enabled=source_is_on('support', 'zendesk')) }}

with newest as (
    select *
    from {{ source('raw_zendesk', 'ticket_comment') }}
    qualify {{ is_newest(['id']) }}
),

final as (
    select
        cast(id as varchar) as comment_id,
        cast(ticket_id as varchar) as ticket_id,
        cast(author_id as varchar) as author_id,
        public as is_public,
        created_at,
        _dlt_load_id as load_id,
        _source_line as source_line
    from newest
)

select * from final
