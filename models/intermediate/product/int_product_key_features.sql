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

-- Who is excluded does not introduce a feature.
people as (
    select distinct user_no
    from {{ ref('int_product_people') }}
),

used as (
    {%- for relation in ['int_product_feature_user_days', 'int_product_reported_days'] %}
    select
        days.event_name,
        min(days.usage_date) as first_usage_date
    from {{ ref(relation) }} as days
    inner join people
        on days.user_no = people.user_no
    where days.events > 0
    group by days.event_name
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
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
