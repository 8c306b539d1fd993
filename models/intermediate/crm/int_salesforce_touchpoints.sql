-- Grain: one row per completed Salesforce task or event that is not deleted.
-- A task of no type that is known is a call, an event a meeting.
{{ config(enabled=source_is_on('crm', 'salesforce'), materialized='view') }}

with tasks as (
    select
        task_id,
        account_id,
        contact_id,
        owner_id,
        subject,
        task_type,
        outcome,
        coalesce(completed_at, cast(activity_date as timestamp)) as occurred_at
    from {{ ref('stg_salesforce__tasks') }}
    where not is_deleted and lower(status) = 'completed'
),

events as (
    select
        event_id,
        account_id,
        contact_id,
        owner_id,
        subject,
        event_type,
        outcome,
        started_at
    from {{ ref('stg_salesforce__events') }}
    where not is_deleted
),

united as (
    select
        task_id as touchpoint_id,
        account_id,
        occurred_at,
        task_type as vendor_type,
        owner_id as csm_id,
        contact_id,
        outcome,
        subject,
        'call' as default_type
    from tasks
    union all
    select
        event_id as touchpoint_id,
        account_id,
        started_at as occurred_at,
        event_type as vendor_type,
        owner_id as csm_id,
        contact_id,
        outcome,
        subject,
        'meeting' as default_type
    from events
),

final as (
    select
        touchpoint_id,
        account_id,
        occurred_at,
        csm_id,
        contact_id,
        outcome,
        subject,
        vendor_type as source_type,
        default_type
    from united
    where account_id is not null and occurred_at is not null
)

select * from final
