-- Grain: one row per key feature that has been used by anybody.
-- As int_product_key_features, but introduced when the first event of it was known.
with features as (
    select
        mapped.event_name,
        key_features.feature_no,
        key_features.product_id
    from {{ ref('int_product_features') }} as mapped
    inner join {{ ref('int_product_key_features') }} as key_features
        on mapped.feature = key_features.feature
    where mapped.is_key_feature
),

late as (
    select
        people.source_system,
        people.account_key,
        days.event_name,
        days.usage_date,
        sum(days.events) as events,
        min(days.known_on) as known_on
    from {{ ref('int_product_late_days') }} as days
    inner join {{ ref('int_product_people') }} as people
        on days.user_no = people.user_no
    where days.events > 0
    group by
        people.source_system,
        people.account_key,
        days.event_name,
        days.usage_date
),

known as (
    select
        days.event_name,
        min(
            case
                when days.events <= late.events then late.known_on
                else days.usage_date
            end
        ) as known_on
    from {{ ref('int_product_feature_days') }} as days
    left outer join late
        on
            days.source_system = late.source_system
            and days.account_key = late.account_key
            and days.event_name = late.event_name
            and days.usage_date = late.usage_date
    where days.events > 0
    group by days.event_name
    union all
    select
        event_name,
        min(usage_date) as known_on
    from {{ ref('int_product_reported_days') }}
    group by event_name
),

final as (
    select
        features.feature_no,
        features.product_id,
        min(known.known_on) as introduced_on
    from features
    inner join known
        on features.event_name = known.event_name
    group by
        features.feature_no,
        features.product_id
)

select * from final
