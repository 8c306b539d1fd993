-- Grain: one row per account and day under contract: what was known of it at the end of the day.
-- Every double is a measure that the health score and the risk signals can use; null is missing.
with account_days as (
    select
        account_id,
        date_day,
        segment,
        lifecycle_stage,
        csm_id,
        contract_started_on
    from {{ ref('int_health_account_days') }}
),

usage_days as (
    select
        account_id,
        date_day,
        active_users_28d,
        seat_utilisation,
        key_features_activated_28d,
        key_features_entitled,
        key_feature_activation,
        events_28d,
        usage_ratio,
        stickiness_28d,
        logins_28d,
        days_since_last_use,
        champion_login_share,
        usage_on
    from {{ ref('int_health_usage_day') }}
),

support_days as (
    select
        account_id,
        date_day,
        open_tickets,
        open_escalations,
        open_urgent_tickets,
        tickets_opened_28d,
        ticket_ratio,
        breached_tickets_90d,
        reopened_tickets_90d,
        support_on
    from {{ ref('int_health_support_day') }}
),

sentiment_days as (
    select
        account_id,
        date_day,
        nps,
        nps_responses,
        last_score,
        csat,
        csat_ratings,
        survey_silent,
        nps_on,
        csat_on
    from {{ ref('int_health_sentiment_day') }}
),

engagement_days as (
    select
        account_id,
        date_day,
        days_since_touchpoint,
        days_without_touchpoint,
        touchpoints_90d,
        days_since_qbr,
        days_without_qbr,
        meetings_90d,
        engagement_on
    from {{ ref('int_health_engagement_day') }}
),

relationship_days as (
    select
        account_id,
        date_day,
        champions_named,
        champions_active,
        days_since_champion_left,
        sponsors_named,
        sponsor_engaged_90d
    from {{ ref('int_health_relationship_day') }}
),

financial_days as (
    select
        account_id,
        date_day,
        days_past_due,
        past_due_amount,
        failed_payments_90d,
        cancel_requested
    from {{ ref('int_health_financial_day') }}
),

onboarding_days as (
    select
        account_id,
        date_day,
        milestones_due,
        milestones_done,
        milestones_overdue,
        onboarding_share
    from {{ ref('int_health_onboarding_day') }}
),

final as (
    select
        account_days.account_id,
        account_days.date_day,
        account_days.segment,
        account_days.lifecycle_stage,
        account_days.csm_id,
        account_days.contract_started_on,
        usage_days.usage_on,
        support_days.support_on,
        sentiment_days.nps_on,
        sentiment_days.csat_on,
        engagement_days.engagement_on,
        cast(usage_days.active_users_28d as double) as active_users_28d,
        cast(usage_days.seat_utilisation as double) as seat_utilisation,
        cast(usage_days.key_features_activated_28d as double) as key_features_activated_28d,
        cast(usage_days.key_features_entitled as double) as key_features_entitled,
        cast(usage_days.key_feature_activation as double) as key_feature_activation,
        cast(usage_days.events_28d as double) as events_28d,
        cast(usage_days.usage_ratio as double) as usage_ratio,
        cast(usage_days.stickiness_28d as double) as stickiness_28d,
        cast(usage_days.logins_28d as double) as logins_28d,
        cast(usage_days.days_since_last_use as double) as days_since_last_use,
        cast(usage_days.champion_login_share as double) as champion_login_share,
        cast(support_days.open_tickets as double) as open_tickets,
        cast(support_days.open_escalations as double) as open_escalations,
        cast(support_days.open_urgent_tickets as double) as open_urgent_tickets,
        cast(support_days.tickets_opened_28d as double) as tickets_opened_28d,
        cast(support_days.ticket_ratio as double) as ticket_ratio,
        cast(support_days.breached_tickets_90d as double) as breached_tickets_90d,
        cast(support_days.reopened_tickets_90d as double) as reopened_tickets_90d,
        cast(sentiment_days.nps as double) as nps,
        cast(sentiment_days.nps_responses as double) as nps_responses,
        cast(sentiment_days.last_score as double) as last_score,
        cast(sentiment_days.csat as double) as csat,
        cast(sentiment_days.csat_ratings as double) as csat_ratings,
        cast(sentiment_days.survey_silent as double) as survey_silent,
        cast(engagement_days.days_since_touchpoint as bigint) as days_since_touchpoint,
        cast(engagement_days.days_without_touchpoint as double) as days_without_touchpoint,
        cast(engagement_days.touchpoints_90d as double) as touchpoints_90d,
        cast(engagement_days.days_since_qbr as bigint) as days_since_qbr,
        cast(engagement_days.days_without_qbr as double) as days_without_qbr,
        cast(engagement_days.meetings_90d as double) as meetings_90d,
        cast(relationship_days.champions_named as double) as champions_named,
        cast(relationship_days.champions_active as double) as champions_active,
        cast(relationship_days.days_since_champion_left as double) as days_since_champion_left,
        cast(relationship_days.sponsors_named as double) as sponsors_named,
        cast(relationship_days.sponsor_engaged_90d as double) as sponsor_engaged_90d,
        cast(financial_days.days_past_due as double) as days_past_due,
        cast(financial_days.past_due_amount as double) as past_due_amount,
        cast(financial_days.failed_payments_90d as double) as failed_payments_90d,
        cast(financial_days.cancel_requested as double) as cancel_requested,
        cast(onboarding_days.milestones_due as double) as milestones_due,
        cast(onboarding_days.milestones_done as double) as milestones_done,
        cast(onboarding_days.milestones_overdue as double) as milestones_overdue,
        cast(onboarding_days.onboarding_share as double) as onboarding_share
    from account_days
    left outer join usage_days
        on
            account_days.account_id = usage_days.account_id
            and account_days.date_day = usage_days.date_day
    left outer join support_days
        on
            account_days.account_id = support_days.account_id
            and account_days.date_day = support_days.date_day
    left outer join sentiment_days
        on
            account_days.account_id = sentiment_days.account_id
            and account_days.date_day = sentiment_days.date_day
    left outer join engagement_days
        on
            account_days.account_id = engagement_days.account_id
            and account_days.date_day = engagement_days.date_day
    left outer join relationship_days
        on
            account_days.account_id = relationship_days.account_id
            and account_days.date_day = relationship_days.date_day
    left outer join financial_days
        on
            account_days.account_id = financial_days.account_id
            and account_days.date_day = financial_days.date_day
    left outer join onboarding_days
        on
            account_days.account_id = onboarding_days.account_id
            and account_days.date_day = onboarding_days.date_day
)

select * from final
