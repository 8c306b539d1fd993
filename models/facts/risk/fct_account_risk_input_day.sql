-- Grain: one row per account and day under contract: measures that only the signals need.
-- Every double is a measure that seed risk_signals can name, beside those of
-- fct_account_health_input_day. Only what was known at the end of the day enters.
with inputs as (
    select
        account_id,
        date_day,
        contract_started_on,
        active_users_28d,
        logins_28d,
        events_28d,
        key_feature_activation,
        key_features_activated_28d,
        key_features_entitled,
        milestones_overdue
    from {{ ref('fct_account_health_input_day') }}
),

relationship_days as (
    select
        account_id,
        date_day,
        key_people_left_90d
    from {{ ref('int_health_relationship_day') }}
),

voice_days as (
    select
        account_id,
        date_day,
        days_since_heard,
        competitor_mentions_180d
    from {{ ref('int_health_voice_day') }}
),

use_case_days as (
    select
        account_id,
        date_day,
        features_new_28d,
        gated_attempts_28d
    from {{ ref('int_health_use_case_day') }}
),

-- Sums of whole numbers, which are exact in any order.
windowed as (
    select
        account_id,
        date_day,
        contract_started_on,
        active_users_28d,
        logins_28d,
        key_feature_activation,
        key_features_activated_28d,
        key_features_entitled,
        milestones_overdue,
        max(active_users_28d) over (
            partition by account_id
            order by date_day
            range between interval 84 day preceding and interval 84 day preceding
        ) as active_users_before,
        max(key_features_activated_28d) over (
            partition by account_id
            order by date_day
            range between interval 84 day preceding and interval 28 day preceding
        ) as key_features_before,
        count(events_28d) over last_84_days as days_known,
        sum(events_28d) over last_84_days as events_total,
        sum(events_28d * events_28d) over last_84_days as squares_total
    from inputs
    window last_84_days as (
        partition by account_id
        order by date_day
        range between interval 83 day preceding and current row
    )
),

final as (
    select
        windowed.account_id,
        windowed.date_day,
        cast(
            {{ activity_index('windowed.logins_28d', 'windowed.key_feature_activation') }} as double
        ) as activity_index,
        case
            when
                windowed.key_features_before is not null
                and windowed.key_features_activated_28d is not null
                then
                    cast(
                        greatest(
                            0,
                            least(windowed.key_features_before, windowed.key_features_entitled)
                            - windowed.key_features_activated_28d
                        ) as double
                    )
        end as key_features_stopped,
        case
            when windowed.days_known = 84 and windowed.events_total > 0
                then
                    cast(
                        sqrt(
                            greatest(
                                0,
                                windowed.days_known * windowed.squares_total
                                - windowed.events_total * windowed.events_total
                            )
                        )
                        / windowed.events_total as double
                    )
        end as activity_volatility,
        case
            when
                {{ days_between('windowed.contract_started_on', 'windowed.date_day') }}
                <= {{ var('onboarding_watch_days') }}
                then cast(windowed.milestones_overdue as double)
        end as milestones_missed,
        cast(relationship_days.key_people_left_90d as double) as key_people_left_90d,
        cast(voice_days.days_since_heard as double) as days_since_heard,
        cast(voice_days.competitor_mentions_180d as double) as competitor_mentions_180d,
        windowed.active_users_28d / nullif(windowed.active_users_before, 0) as active_user_growth,
        cast(use_case_days.features_new_28d as double) as features_new_28d,
        cast(use_case_days.gated_attempts_28d as double) as gated_attempts_28d
    from windowed
    left outer join relationship_days
        on
            windowed.account_id = relationship_days.account_id
            and windowed.date_day = relationship_days.date_day
    left outer join voice_days
        on
            windowed.account_id = voice_days.account_id
            and windowed.date_day = voice_days.date_day
    left outer join use_case_days
        on
            windowed.account_id = use_case_days.account_id
            and windowed.date_day = use_case_days.date_day
)

select * from final
