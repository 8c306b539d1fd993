-- Grain: one row per account, signal, opening day and step taken while the signal was open.
-- What was done about a signal, from the touchpoints with the account between its opening and its
-- closing. Any touchpoint begins the assessment; one that ended with an
-- action to take, or a review, is a recovery plan; one with a sponsor or decision maker, or an
-- executive review, engages executives; a training is support; an escalation is one. A signal that
-- recovered is resolved.
with spells as (
    select
        account_id,
        signal,
        opened_on,
        closed_on,
        closed_by
    from {{ ref('fct_risk_signal_spell') }}
),

touchpoints as (
    select
        account_id,
        known_on,
        touchpoint_type,
        is_with_executive,
        is_review,
        replace(lower(coalesce(outcome, '')), ' ', '_') as outcome,
        lower(coalesce(subject, '')) as subject
    from {{ ref('fct_touchpoint') }}
    where is_held
),

matched as (
    select
        spells.account_id,
        spells.signal,
        spells.opened_on,
        touchpoints.known_on,
        touchpoints.touchpoint_type,
        touchpoints.is_with_executive,
        touchpoints.is_review,
        touchpoints.outcome,
        touchpoints.subject
    from spells
    inner join touchpoints
        on
            spells.account_id = touchpoints.account_id
            and spells.opened_on <= touchpoints.known_on
            and coalesce(spells.closed_on, {{ as_of_date() }}) >= touchpoints.known_on
),

steps as (
    select
        account_id,
        signal,
        opened_on,
        'assessment' as step,
        1 as step_number,
        known_on
    from matched
    union all
    select
        account_id,
        signal,
        opened_on,
        'recovery_plan' as step,
        2 as step_number,
        known_on
    from matched
    where
        outcome = 'action_needed'
        or is_review
        or subject like '%recovery%'
        or subject like '%action plan%'
    union all
    select
        account_id,
        signal,
        opened_on,
        'executive_engagement' as step,
        3 as step_number,
        known_on
    from matched
    where is_with_executive or touchpoint_type = 'ebr'
    union all
    select
        account_id,
        signal,
        opened_on,
        'support' as step,
        4 as step_number,
        known_on
    from matched
    where touchpoint_type = 'training'
    union all
    select
        account_id,
        signal,
        opened_on,
        'escalation' as step,
        5 as step_number,
        known_on
    from matched
    where touchpoint_type = 'escalation'
    union all
    select
        account_id,
        signal,
        opened_on,
        'resolved' as step,
        6 as step_number,
        closed_on as known_on
    from spells
    where closed_by = 'recovered'
),

final as (
    select
        account_id,
        signal,
        opened_on,
        cast(step as varchar) as step,
        cast(step_number as integer) as step_number,
        min(known_on) as first_on,
        max(known_on) as last_on,
        count(*) as times
    from steps
    group by
        account_id,
        signal,
        opened_on,
        step,
        step_number
)

select * from final
