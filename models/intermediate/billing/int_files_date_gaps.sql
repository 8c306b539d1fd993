-- Grain: one row per subscription of the files source and day of it that is not said or not clear.
{{ config(enabled=source_is_on('billing', 'files'), materialized='view') }}
{% set subscription
    = "'Subscription ' || subscription_id || ' is ''' || status_delivered || ''''" %}
{% set gaps = [
    {
        'gap': 'end_unknown',
        'condition': "end_basis = 'unknown'",
        'what': subscription ~ " || ' and nothing says since when: it counts as ended on '"
            ~ " || cast(service_end as varchar)",
        'since': 'service_end',
        'remedy': 'Deliver ended_at, current_term_end or updated_at',
        'severity': 'warning',
    },
    {
        'gap': 'end_first_seen',
        'condition': "is_over and end_basis = 'first_seen'",
        'what': subscription ~ " || ' without the day it ended: it counts as ended on '"
            ~ " || cast(service_end as varchar) || ', when it was first seen so'",
        'since': 'service_end',
        'remedy': 'Deliver ended_at',
        'severity': 'warning',
    },
    {
        'gap': 'canceled_in_its_term',
        'condition': "is_over and end_basis = 'term' and service_end > " ~ as_of_date(),
        'what': subscription ~ " || ' and its term runs to ' || cast(service_end as varchar)"
            ~ " || ': it counts until then'",
        'since': 'known_on',
        'remedy': 'Deliver ended_at where service has stopped; where it goes on, the status '
            ~ 'non_renewing says so',
        'severity': 'warning',
    },
    {
        'gap': 'end_not_told',
        'condition': "meaning = 'non_renewing' and end_basis = 'open'",
        'what': subscription ~ " || ' and nothing says when it ends: it counts without end'",
        'since': 'known_on',
        'remedy': 'Deliver current_term_end or ended_at',
        'severity': 'warning',
    },
    {
        'gap': 'ended_but_active',
        'condition': "meaning in ('active', 'past_due') and end_basis = 'ended_at'"
            ~ " and service_end <= " ~ as_of_date(),
        'what': subscription ~ " || ' and ended on ' || cast(service_end as varchar)"
            ~ " || ': the date counts'",
        'since': 'service_end',
        'remedy': 'Empty ended_at where the subscription goes on, or correct the status',
        'severity': 'warning',
    },
    {
        'gap': 'pause_unknown',
        'condition': "meaning = 'paused' and pause_basis = 'unknown'",
        'what': subscription ~ " || ' and nothing says since when: it has no ARR from its start'",
        'since': 'paused_from',
        'remedy': 'Deliver paused_from or updated_at',
        'severity': 'warning',
    },
    {
        'gap': 'pause_first_seen',
        'condition': "meaning = 'paused' and pause_basis = 'first_seen'",
        'what': subscription ~ " || ' without the day it was paused: it counts as paused from '"
            ~ " || cast(paused_from as varchar) || ', when it was first seen so'",
        'since': 'paused_from',
        'remedy': 'Deliver paused_from',
        'severity': 'warning',
    },
    {
        'gap': 'paused_beyond_its_end',
        'condition': "meaning = 'paused' and planned_end <= " ~ as_of_date(),
        'what': subscription ~ " || ' although its pause was to end on '"
            ~ " || cast(planned_end as varchar) || ': it counts as paused'",
        'since': 'planned_end',
        'remedy': 'Correct paused_until or the status',
        'severity': 'warning',
    },
    {
        'gap': 'runs_no_more',
        'condition': "meaning in ('trialing', 'future', 'draft') and pause_basis = 'first_seen'",
        'what': subscription ~ " || ' and ran before: it counts as paused from '"
            ~ " || cast(paused_from as varchar)",
        'since': 'paused_from',
        'remedy': 'Correct the status, or deliver paused_from or ended_at',
        'severity': 'warning',
    },
    {
        'gap': 'subscription_gone',
        'condition': "end_basis = 'gone'",
        'what': "'Subscription ' || subscription_id || ' is gone from the delivery of '"
            ~ " || cast(gone_on as varchar) || ': it counts as ended that day'",
        'since': 'gone_on',
        'remedy': 'Deliver it again if it was left out; if files are not whole, write delivery: '
            ~ '{subscriptions: increment} in mapping.yml',
        'severity': 'info',
    },
] %}
{% if var('delinquent_policy') == 'past_due_is_churn' -%}
    {%- do gaps.append({
        'gap': 'past_due_unknown',
        'condition': "line_status = 'past_due' and known_on is null",
        'what': subscription ~ " || ' and nothing says since when: it has no ARR since '"
            ~ " || cast(past_due_from as varchar)",
        'since': 'past_due_from',
        'remedy': 'Deliver updated_at',
        'severity': 'warning',
    }) -%}
{%- endif %}

with states as (
    select
        subscription_id,
        account_id,
        status_delivered,
        meaning,
        is_over,
        end_basis,
        service_end,
        pause_basis,
        paused_from,
        planned_end,
        line_status,
        past_due_from,
        known_on,
        gone_on,
        arr
    from {{ ref('int_files_weighed_states') }}
),

final as (
    {{- gap_rows('states', 'subscription', 'subscription_id', gaps) }}
)

select * from final
