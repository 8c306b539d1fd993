-- Grain: one row per subscription of the files source: its state and what it is worth.
-- The ARR is what its lines in force say, whatever the status makes of it.
{{ config(enabled=source_is_on('billing', 'files'), materialized='view') }}

with states as (
    select
        subscription_id,
        account_id,
        status_delivered,
        meaning,
        is_trial,
        is_over,
        started_on,
        end_basis,
        service_end,
        pause_basis,
        paused_from,
        line_status,
        past_due_from,
        known_on,
        gone_on
    from {{ ref('int_files_subscription_states') }}
),

subscriptions as (
    select
        subscription_id,
        paused_until,
        currency
    from {{ ref('stg_files__subscriptions') }}
),

worth as (
    select
        subscription_id,
        count(*) as lines,
        min(valid_from) as first_line,
        sum(case when is_in_force then arr else 0 end) as arr
    from {{ ref('int_files_line_worth') }}
    group by subscription_id
),

gone_accounts as (
    {% if source_is_on('crm', 'files') -%}
    select
        account_id,
        gone_on
    from {{ ref('stg_files__accounts') }}
    where gone_on <= {{ as_of_date() }}
    {%- else -%}
    select
        cast(null as varchar) as account_id,
        cast(null as date) as gone_on
    where false
    {%- endif %}
),

currencies as (
    select count_if(currency <> '{{ var("reporting_currency") }}') as other_currencies
    from subscriptions
),

final as (
    select
        states.*,
        subscriptions.paused_until as planned_end,
        subscriptions.currency,
        currencies.other_currencies,
        gone_accounts.gone_on as account_gone_on,
        coalesce(worth.lines, 0) as lines,
        worth.first_line,
        coalesce(worth.arr, 0) as arr
    from states
    inner join subscriptions
        on states.subscription_id = subscriptions.subscription_id
    cross join currencies
    left outer join worth
        on states.subscription_id = worth.subscription_id
    left outer join gone_accounts
        on states.account_id = gone_accounts.account_id
)

select * from final
