-- Grain: one row per account that has usage.
-- Everything but single events and whose they are that an account's usage figures rest on, as one
-- fingerprint: since when it has usage, what it owns, which key features there are, what it
-- reported. fct_account_usage_day keeps it and rebuilds the account's whole history when it
-- differs. Twelve characters tell the states of an account apart, and a text that short is stored
-- in place.
with people as (
    select
        user_no,
        account_id,
        valid_from,
        valid_to
    from {{ ref('int_product_people') }}
),

first_days as (
    select
        people.account_id,
        min(days.usage_date) as first_usage_date
    from {{ ref('int_product_user_days') }} as days
    inner join people
        on
            days.user_no = people.user_no
            and days.usage_date >= people.valid_from
            and days.usage_date < people.valid_to
    where days.events > 0
    group by people.account_id
),

{% if has_reported_usage() -%}
reported as (
    select
        people.account_id,
        min(days.usage_date) as first_usage_date,
        md5(
            string_agg(
                cast(days.usage_date as varchar)
                || ' ' || days.account_key
                || ' ' || days.event_name
                || ' ' || coalesce(days.user_id, '')
                || ' ' || cast(days.events as varchar)
                || ' ' || coalesce(cast(days.reported_users as varchar), ''),
                '|' order by days.usage_date, days.account_key, days.event_name, days.user_id
            )
        ) as reported_fingerprint
    from {{ ref('int_product_reported_days') }} as days
    inner join people
        on days.user_no = people.user_no
    group by people.account_id
),

{% endif -%}
used as (
    {% if has_reported_usage() -%}
    select
        coalesce(first_days.account_id, reported.account_id) as account_id,
        least(
            coalesce(first_days.first_usage_date, reported.first_usage_date),
            coalesce(reported.first_usage_date, first_days.first_usage_date)
        ) as first_usage_date,
        reported.reported_fingerprint
    from first_days
    full outer join reported
        on first_days.account_id = reported.account_id
    {%- else -%}
    select
        account_id,
        first_usage_date,
        cast(null as varchar) as reported_fingerprint
    from first_days
    {%- endif %}
),

excluded_events as (
    select md5(string_agg(event_name, '|' order by event_name)) as events_fingerprint
    from {{ ref('excluded_events') }}
),

licences as (
    select
        account_id,
        md5(
            string_agg(
                product_id
                || ' ' || cast(valid_from as varchar)
                || ' ' || coalesce(cast(valid_to as varchar), '')
                || ' ' || cast(seats as varchar),
                '|' order by product_id, valid_from
            )
        ) as licences_fingerprint
    from {{ ref('int_product_licences') }}
    group by account_id
),

feature_map as (
    select
        md5(
            string_agg(
                features.event_name
                || ' ' || features.feature
                || ' ' || coalesce(used.product_id, '')
                || ' ' || cast(used.introduced_on as varchar),
                '|' order by features.event_name
            )
        ) as features_fingerprint
    from {{ ref('int_product_features') }} as features
    inner join {{ ref('int_product_key_features') }} as used
        on features.feature = used.feature
    where features.is_key_feature
),

final as (
    select
        used.account_id,
        used.first_usage_date,
        cast(row_number() over (order by used.account_id) as integer) as account_no,
        substring(
            md5(
                cast(used.first_usage_date as varchar)
                || coalesce(licences.licences_fingerprint, '')
                || coalesce(feature_map.features_fingerprint, '')
                || coalesce(excluded_events.events_fingerprint, '')
                || coalesce(used.reported_fingerprint, '')
                || '{{ var("activation_events") }}'
            ), 1, 12
        ) as inputs_fingerprint
    from used
    left outer join licences
        on used.account_id = licences.account_id
    cross join feature_map
    cross join excluded_events
)

select * from final
