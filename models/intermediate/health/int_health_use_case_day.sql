-- Grain: one row per account and day under contract: new uses, attempts at what was not bought.
-- As known at the end of the day: an event counts from the day it happened or arrived. A feature
-- is new when the account had been seen for `new_use_settled_days` before: what a new customer, or
-- a new source, shows first is no new use. Attempts are the events that the feature map calls so;
-- null before the first of the whole company, for a product may not tell of them.
{% set measures = ['usage_seen', 'usage_settled', 'features_new_28d', 'gated_attempts_28d'] %}

with account_days as (
    select
        account_id,
        date_day
    from {{ ref('int_health_account_days') }}
),

ownership as (
    select
        account_id,
        owner_account_id,
        valid_from,
        valid_to
    from {{ ref('int_account_ownership') }}
),

features as (
    select
        event_name,
        feature,
        is_gated_attempt
    from {{ ref('int_product_features') }}
),

people as (
    select
        known.user_no,
        known.valid_from,
        known.valid_to,
        xref.account_id
    from {{ ref('int_product_people') }} as known
    inner join {{ ref('int_account_xref') }} as xref
        on
            known.source_system = xref.source_system
            and known.account_key = xref.system_key
),

{{ feature_user_days_as_known() }},

counted as (
    select
        people.account_id,
        features.feature,
        features.is_gated_attempt,
        days.usage_date,
        days.known_on,
        sum(days.events) as events
    from user_days as days
    inner join features
        on days.event_name = features.event_name
    inner join people
        on
            days.user_no = people.user_no
            and days.usage_date >= people.valid_from
            and days.usage_date < people.valid_to
    group by
        people.account_id,
        features.feature,
        features.is_gated_attempt,
        days.usage_date,
        days.known_on
    having sum(days.events) > 0
),

known as (
    select *
    from counted
    {%- if has_reported_usage() %}
    -- Single events win over a report of the same day: both count the same work.
    union all
    select
        people.account_id,
        features.feature,
        features.is_gated_attempt,
        days.usage_date,
        days.usage_date as known_on,
        days.events
    from {{ ref('int_product_reported_days') }} as days
    inner join features
        on days.event_name = features.event_name
    inner join people
        on days.user_no = people.user_no
    where
        days.events > 0
        and not exists (
            select 1
            from counted
            where
                people.account_id = counted.account_id
                and features.feature = counted.feature
                and days.usage_date = counted.usage_date
        )
    {%- endif %}
),

first_uses as (
    select
        account_id,
        feature,
        is_gated_attempt,
        min(known_on) as used_from,
        {{ add_days(
            'min(min(known_on)) over (partition by account_id)', var('new_use_settled_days')
        ) }} as settled_from
    from known
    group by
        account_id,
        feature,
        is_gated_attempt
),

spans as (
    select
        account_id,
        'usage_seen' as measure,
        1 as amount,
        min(used_from) as valid_from,
        cast(null as date) as valid_to
    from first_uses
    group by account_id
    union all
    select
        account_id,
        'usage_settled' as measure,
        1 as amount,
        min(settled_from) as valid_from,
        cast(null as date) as valid_to
    from first_uses
    group by account_id
    union all
    select
        account_id,
        'features_new_28d' as measure,
        1 as amount,
        used_from as valid_from,
        {{ add_days('used_from', 28) }} as valid_to
    from first_uses
    where
        not is_gated_attempt
        and used_from >= settled_from
    union all
    select
        account_id,
        'gated_attempts_28d' as measure,
        events as amount,
        known_on as valid_from,
        {{ add_days('usage_date', 28) }} as valid_to
    from known
    where is_gated_attempt
),

attempts as (
    select known_on
    from known
    where is_gated_attempt
),

{{ account_day_totals('spans', measures) }},

{{ learned_days('attempts', 'known_on') }},

final as (
    select
        account_days.account_id,
        account_days.date_day,
        case
            when day_totals.usage_settled > 0 then cast(day_totals.features_new_28d as bigint)
        end as features_new_28d,
        case
            when day_totals.usage_seen > 0 and learned_days.first_day is not null
                then cast(day_totals.gated_attempts_28d as bigint)
        end as gated_attempts_28d
    from account_days
    inner join day_totals
        on
            account_days.account_id = day_totals.account_id
            and account_days.date_day = day_totals.date_day
    inner join learned_days
        on account_days.date_day = learned_days.date_day
)

select * from final
