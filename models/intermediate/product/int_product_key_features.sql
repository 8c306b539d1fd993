-- Grain: one row per key feature that has been used by anybody.
-- A key feature counts from the first day on which the product sent an event of it. So a release
-- does not lower the activation of the months before it, and the features of a map that is not
-- this company's own count for nothing.
with features as (
    select
        event_name,
        feature,
        product_id
    from {{ ref('int_product_features') }}
    where is_key_feature
),

counted as (
    select
        event_name,
        min(usage_date) as first_usage_date
    from {{ ref('int_product_feature_days') }}
    where events > 0
    group by event_name
),

reported as (
    select
        event_name,
        min(usage_date) as first_usage_date
    from {{ ref('int_product_reported_days') }}
    group by event_name
),

used as (
    select
        event_name,
        first_usage_date
    from counted
    union all
    select
        event_name,
        first_usage_date
    from reported
),

final as (
    select
        features.feature,
        cast(row_number() over (order by features.feature) as integer) as feature_no,
        -- One feature belongs to one product; events of it that name none do not change that.
        max(features.product_id) as product_id,
        min(used.first_usage_date) as introduced_on
    from features
    inner join used
        on features.event_name = used.event_name
    group by features.feature
)

select * from final
