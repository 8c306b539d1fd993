-- Grain: one row per source system and touchpoint with a customer that was held by the as-of date.
with touchpoints as (
    select
        source_system,
        touchpoint_id,
        occurred_at,
        touchpoint_type,
        csm_id,
        contact_id,
        contact_role,
        outcome,
        subject,
        account_id,
        known_on
    from {{ ref('int_crm_touchpoint_marks') }}
),

survivors as (
    select
        account_id,
        owner_account_id
    from {{ ref('int_account_ownership') }}
    where valid_to is null
),

final as (
    select
        cast(touchpoints.source_system as varchar) as source_system,
        cast(touchpoints.touchpoint_id as varchar) as touchpoint_id,
        cast(coalesce(survivors.owner_account_id, 'unassigned') as varchar) as account_id,
        cast(touchpoints.occurred_at as timestamp) as occurred_at,
        touchpoints.known_on,
        cast(touchpoints.touchpoint_type as varchar) as touchpoint_type,
        cast(touchpoints.csm_id as varchar) as csm_id,
        cast(touchpoints.contact_id as varchar) as contact_id,
        cast(touchpoints.contact_role as varchar) as contact_role,
        cast(touchpoints.outcome as varchar) as outcome,
        cast(touchpoints.subject as varchar) as subject,
        not {{ is_no_show('touchpoints.outcome') }} as is_held,
        (touchpoints.touchpoint_type in ('qbr', 'ebr')) as is_review,
        coalesce(touchpoints.contact_role in ('sponsor', 'decision_maker'), false)
            as is_with_executive
    from touchpoints
    left outer join survivors
        on touchpoints.account_id = survivors.account_id
)

select * from final
