-- Grain: one row per account and feature that it can use or used in the 28 days to the as-of date.
-- Attempts at what was not bought are no feature.
with people as (
    select distinct
        person_no,
        account_id
    from {{ ref('int_product_people') }}
),

used as (
    select
        people.account_id,
        days.feature,
        sum(days.events) as events,
        max(case when days.is_reported and not days.is_user then 1 else 0 end)
            as has_unknown_users,
        count(distinct case when days.is_user then days.person_no end) as active_users,
        count(distinct days.usage_date) as active_days,
        max(days.usage_date) as last_used_on
    from {{ ref('int_product_feature_person_days') }} as days
    inner join people
        on days.person_no = people.person_no
    where days.usage_date > {{ add_days(as_of_date(), -28) }}
    group by
        people.account_id,
        days.feature
),

introduced as (
    select distinct feature
    from {{ ref('int_product_feature_months') }}
),

features as (
    select
        mapped.feature,
        max(mapped.product_id) as product_id,
        bool_or(mapped.is_key_feature) as is_key_feature
    from {{ ref('int_product_features') }} as mapped
    inner join introduced
        on mapped.feature = introduced.feature
    where not mapped.is_gated_attempt
    group by mapped.feature
),

licences as (
    select
        account_id,
        product_id,
        seats
    from {{ ref('int_product_licences') }}
    where
        valid_from <= {{ as_of_date() }}
        and (valid_to is null or valid_to > {{ as_of_date() }})
),

licensed as (
    select
        account_id,
        sum(seats) as seats
    from licences
    group by account_id
),

entitled as (
    select distinct
        licences.account_id,
        features.feature
    from licences
    inner join features
        on
            features.product_id is null
            or licences.product_id = features.product_id
),

joined as (
    select
        coalesce(entitled.account_id, used.account_id) as account_id,
        coalesce(entitled.feature, used.feature) as feature,
        entitled.account_id is not null as is_entitled,
        coalesce(used.events, 0) as events,
        case when coalesce(used.has_unknown_users, 0) = 0 then coalesce(used.active_users, 0) end
            as active_users,
        coalesce(used.active_days, 0) as active_days,
        used.last_used_on
    from entitled
    full outer join used
        on
            entitled.account_id = used.account_id
            and entitled.feature = used.feature
),

final as (
    select
        joined.account_id,
        joined.feature,
        features.product_id,
        features.is_key_feature,
        joined.is_entitled,
        cast(joined.events as bigint) as events,
        joined.active_users,
        joined.active_days,
        joined.last_used_on,
        cast(joined.events as double) / nullif(joined.active_users, 0) as depth,
        cast(coalesce(licensed.seats, 0) as decimal(18, 4)) as seats,
        cast(joined.active_users as double) / nullif(cast(licensed.seats as double), 0)
            as share_of_seats
    from joined
    inner join features
        on joined.feature = features.feature
    left outer join licensed
        on joined.account_id = licensed.account_id
)

select * from final
