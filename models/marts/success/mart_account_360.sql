-- Grain: one row per account: what a person wants to see about it today.
{% set account_columns = [
    'account_id', 'account_name', 'ultimate_parent_account_id', 'segment', 'size_band', 'industry',
    'region', 'country', 'csm_id', 'csm_name', 'lifecycle_stage', 'is_customer', 'started_on',
] %}

with accounts as (
    select
        {{ each_column(account_columns, '@') }}
    from {{ ref('dim_account') }}
    where merged_into_account_id is null and (not is_deleted or is_customer)
),

revenue as (
    select
        account_id,
        arr,
        seats,
        arr_12m_ago,
        last_movement,
        last_movement_month
    from {{ ref('fct_account_revenue') }}
),

subscriptions as (
    select
        account_id,
        term_end,
        cancel_requested_at
    from {{ ref('fct_subscription') }}
    where is_active
),

usage_days as (
    select
        account_id,
        events,
        active_users_28d,
        key_feature_activation,
        seat_utilisation,
        stickiness_28d,
        usage_date
    from {{ ref('fct_account_usage_day') }}
),

tickets as (
    select
        account_id,
        created_at,
        is_open,
        is_breached,
        satisfaction
    from {{ ref('fct_ticket') }}
),

responses as (
    select
        account_id,
        survey_type,
        score,
        responded_at
    from {{ ref('fct_survey_response') }}
),

invoices as (
    select
        account_id,
        total_reporting
    from {{ ref('fct_invoice') }}
    where is_past_due
),

health as (
    select
        account_id,
        displayed_score,
        displayed_band,
        trend_30d
    from {{ ref('fct_account_health_day') }}
    where date_day = {{ as_of_date() }}
),

renewals as (
    select
        account_id,
        min(case when term_end > {{ as_of_date() }} then term_end end) as renewal_on,
        max(cancel_requested_at) as cancel_requested_at
    from subscriptions
    group by account_id
),

usage_today as (
    select
        account_id,
        active_users_28d,
        key_feature_activation,
        seat_utilisation,
        stickiness_28d
    from usage_days
    where usage_date = {{ as_of_date() }}
),

last_usage as (
    select
        account_id,
        max(usage_date) as last_active_on
    from usage_days
    where events > 0
    group by account_id
),

support as (
    select
        account_id,
        count_if(is_open) as open_tickets,
        count_if(is_open and is_breached) as breached_open_tickets,
        count_if(
            cast(created_at as date) > cast({{ dbt.dateadd('day', -90, as_of_date()) }} as date)
        ) as tickets_90d,
        count_if(satisfaction = 'good') as good_ratings,
        count_if(satisfaction in ('good', 'bad')) as ratings
    from tickets
    group by account_id
),

last_nps as (
    select
        account_id,
        max_by(score, responded_at) as last_nps_score,
        max(responded_at) as last_nps_at
    from responses
    where survey_type = 'nps'
    group by account_id
),

past_due as (
    select
        account_id,
        count(*) as past_due_invoices,
        sum(total_reporting) as past_due_amount
    from invoices
    group by account_id
),

final as (
    select
        {{ each_column(account_columns, 'accounts.@') }},
        cast(coalesce(revenue.arr, 0) as decimal(18, 2)) as arr,
        cast(coalesce(revenue.seats, 0) as decimal(18, 4)) as seats,
        cast(coalesce(revenue.arr_12m_ago, 0) as decimal(18, 2)) as arr_12m_ago,
        revenue.last_movement,
        revenue.last_movement_month,
        renewals.renewal_on,
        {{ dbt.datediff(as_of_date(), 'renewals.renewal_on', 'day') }}
            as days_to_renewal,
        renewals.cancel_requested_at,
        health.displayed_score as health_score,
        health.displayed_band as health_band,
        health.trend_30d as health_trend_30d,
        cast(usage_today.active_users_28d as bigint) as active_users_28d,
        cast(usage_today.key_feature_activation as double) as key_feature_activation,
        cast(usage_today.seat_utilisation as double) as seat_utilisation,
        cast(usage_today.stickiness_28d as double) as stickiness_28d,
        last_usage.last_active_on,
        cast(coalesce(support.open_tickets, 0) as bigint) as open_tickets,
        cast(coalesce(support.breached_open_tickets, 0) as bigint) as breached_open_tickets,
        cast(coalesce(support.tickets_90d, 0) as bigint) as tickets_90d,
        cast(support.good_ratings as double) / nullif(support.ratings, 0) as csat,
        cast(last_nps.last_nps_score as double) as last_nps_score,
        cast(last_nps.last_nps_at as date) as last_nps_on,
        cast(coalesce(past_due.past_due_invoices, 0) as bigint) as past_due_invoices,
        cast(coalesce(past_due.past_due_amount, 0) as decimal(18, 2)) as past_due_amount,
        {{ as_of_date() }} as as_of_date
    from accounts
    left outer join revenue
        on accounts.account_id = revenue.account_id
    left outer join renewals
        on accounts.account_id = renewals.account_id
    left outer join health
        on accounts.account_id = health.account_id
    left outer join usage_today
        on accounts.account_id = usage_today.account_id
    left outer join last_usage
        on accounts.account_id = last_usage.account_id
    left outer join support
        on accounts.account_id = support.account_id
    left outer join last_nps
        on accounts.account_id = last_nps.account_id
    left outer join past_due
        on accounts.account_id = past_due.account_id
)

select * from final
