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

people as (
    select distinct user_no
    from {{ ref('int_product_people') }}
),

late as (
    select
        user_no,
        event_name,
        usage_date,
        sum(events) as events,
        min(known_on) as known_on
    from {{ ref('int_product_late_days') }}
    where events > 0
    group by
        user_no,
        event_name,
        usage_date
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
    from {{ ref('int_product_feature_user_days') }} as days
    inner join people
        on days.user_no = people.user_no
    left outer join late
        on
            days.user_no = late.user_no
            and days.event_name = late.event_name
            and days.usage_date = late.usage_date
    where days.events > 0
    group by days.event_name
    union all
    select
        days.event_name,
        min(days.usage_date) as known_on
    from {{ ref('int_product_reported_days') }} as days
    inner join people
        on days.user_no = people.user_no
    group by days.event_name
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
