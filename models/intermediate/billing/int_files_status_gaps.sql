-- Grain: one row per subscription of the files source and thing that its rows leave open.
{{ config(enabled=source_is_on('billing', 'files'), materialized='view') }}
{% set subscription
    = "'Subscription ' || subscription_id || ' is ''' || status_delivered || ''''" %}
{% set gaps = [
    {
        'gap': 'status_unknown',
        'condition': "meaning = 'unknown'",
        'what': subscription ~ " || ', which is no known status: it has no ARR'",
        'since': 'started_on',
        'remedy': 'Add the word and its meaning to seeds/vocabulary.csv (field subscription_status)',
        'severity': 'error',
    },
    {
        'gap': 'not_started',
        'condition': "meaning = 'future' and pause_basis <> 'first_seen' and started_on <= "
            ~ as_of_date(),
        'what': subscription ~ " || ' although it started on ' || cast(started_on as varchar)"
            ~ " || ': it has no ARR'",
        'since': 'started_on',
        'remedy': 'Correct started_at or the status',
        'severity': 'warning',
    },
    {
        'gap': 'trial_or_active',
        'condition': "is_trial and meaning in ('active', 'past_due') and arr > 0",
        'what': subscription ~ " || ' and is_trial is true: it counts as a trial, without ARR'",
        'since': 'started_on',
        'remedy': 'Correct is_trial or the status',
        'severity': 'warning',
    },
    {
        'gap': 'no_lines',
        'condition': "line_status in ('active', 'past_due') and lines = 0 and started_on <= "
            ~ as_of_date() ~ " and coalesce(service_end > " ~ as_of_date() ~ ", true)",
        'what': subscription ~ " || ' and has no row in subscription_items: its ARR is unknown'",
        'since': 'started_on',
        'remedy': 'Deliver its subscription_items; one that is free has one of unit_amount 0',
        'severity': 'error',
    },
    {
        'gap': 'no_line_before',
        'condition': "first_line > " ~ add_days('started_on', 31),
        'what': "'Subscription ' || subscription_id || ' started on '"
            ~ " || cast(started_on as varchar) || ' and its first line begins on '"
            ~ " || cast(first_line as varchar) || ': it has no ARR before'",
        'since': 'started_on',
        'remedy': 'Deliver all versions of its subscription_items, not the newest alone',
        'severity': 'warning',
    },
    {
        'gap': 'account_gone',
        'condition': "account_gone_on is not null and arr > 0"
            ~ " and line_status in ('active', 'past_due')"
            ~ " and coalesce(service_end > " ~ as_of_date() ~ ", true)",
        'what': "'Account ' || account_id || ' is gone from the delivery of '"
            ~ " || cast(account_gone_on as varchar) || ' but its subscription '"
            ~ " || subscription_id || ' is not: it goes on'",
        'since': 'account_gone_on',
        'remedy': 'Deliver the account, or end the subscription',
        'severity': 'warning',
    },
    {
        'gap': 'currency_assumed',
        'condition': "currency is null and other_currencies > 0 and arr > 0",
        'what': "'Subscription ' || subscription_id || ' names no currency, others do: '"
            ~ " || 'it counts in " ~ var('reporting_currency') ~ "'",
        'since': 'started_on',
        'remedy': 'Deliver the currency of each subscription',
        'severity': 'warning',
    },
] %}

with states as (
    select
        subscription_id,
        account_id,
        status_delivered,
        meaning,
        is_trial,
        started_on,
        service_end,
        pause_basis,
        line_status,
        currency,
        other_currencies,
        account_gone_on,
        lines,
        first_line,
        arr
    from {{ ref('int_files_weighed_states') }}
),

final as (
    {{- gap_rows('states', 'subscription', 'subscription_id', gaps) }}
)

select * from final
