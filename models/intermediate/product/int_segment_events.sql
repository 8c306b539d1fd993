-- Grain: one row per delivered track call, in the canonical columns of events.
-- A call without a group counts for the group that its user had then.
{{ config(enabled=source_is_on('product', 'segment'), materialized='view') }}

with tracks as (
    select
        event_id,
        event_name,
        user_id,
        group_id,
        occurred_at,
        received_at,
        load_id,
        source_line
    from {{ ref('stg_segment__tracks') }}
),

user_groups as (
    select
        user_id,
        group_id,
        valid_from,
        valid_to
    from {{ ref('stg_segment__user_groups') }}
),

-- Apart, so that the events that name their group, most of them, are joined with nothing.
final as (
    select
        tracks.event_id,
        tracks.group_id as account_key,
        tracks.user_id,
        tracks.event_name,
        tracks.occurred_at,
        tracks.received_at,
        tracks.load_id,
        tracks.source_line
    from tracks
    where tracks.group_id is not null
    union all
    select
        tracks.event_id,
        user_groups.group_id as account_key,
        tracks.user_id,
        tracks.event_name,
        tracks.occurred_at,
        tracks.received_at,
        tracks.load_id,
        tracks.source_line
    from tracks
    left outer join user_groups
        on
            tracks.user_id = user_groups.user_id
            and tracks.occurred_at >= user_groups.valid_from
            and tracks.occurred_at < user_groups.valid_to
    where tracks.group_id is null
)

select * from final
