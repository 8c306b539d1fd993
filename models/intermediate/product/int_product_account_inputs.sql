-- Grain: one row per account that has usage.
-- Everything but single events that an account's usage figures rest on, as one fingerprint: which
-- source keys are the account's, what it owns, which key features there are, what it reported.
-- fct_account_usage_day keeps it and rebuilds the account's whole history when it differs. Twelve
-- characters tell the states of an account apart, and a text that short is stored in place.
with accounts as (
    select
        source_system,
        account_key,
        account_id
    from {{ ref('int_product_accounts') }}
),

people as (
    select
        user_no,
        account_id
    from {{ ref('int_product_people') }}
),

first_days as (
    select
        people.account_id,
        min(days.usage_date) as first_usage_date
    from {{ ref('int_product_user_days') }} as days
    inner join people
        on days.user_no = people.user_no
    where days.events > 0
    group by people.account_id
),

{% if has_reported_usage() -%}
reported as (
    select
        accounts.account_id,
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
    inner join accounts
        on
            days.source_system = accounts.source_system
            and days.account_key = accounts.account_key
    group by accounts.account_id
),

{% endif -%}
source_keys as (
    select
        account_id,
        md5(
            string_agg(
                source_system || ' ' || account_key, '|' order by source_system, account_key
            )
        ) as keys_fingerprint
    from accounts
    group by account_id
),

-- Who of them is left out, and which events are.
excluded_users as (
    select
        accounts.account_id,
        md5(
            string_agg(cast(users.user_no as varchar), '|' order by users.user_no)
        ) as excluded_fingerprint
    from {{ ref('int_product_excluded_users') }} as users
    inner join accounts
        on
            users.source_system = accounts.source_system
            and coalesce(users.account_key, '') = accounts.account_key
    group by accounts.account_id
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
        source_keys.account_id,
        cast(row_number() over (order by source_keys.account_id) as integer) as account_no,
        {% if has_reported_usage() -%}
        least(
            coalesce(first_days.first_usage_date, reported.first_usage_date),
            coalesce(reported.first_usage_date, first_days.first_usage_date)
        ) as first_usage_date,
        {%- else -%}
        first_days.first_usage_date,
        {%- endif %}
        substring(
            md5(
                source_keys.keys_fingerprint
                || coalesce(licences.licences_fingerprint, '')
                || coalesce(feature_map.features_fingerprint, '')
                || coalesce(excluded_users.excluded_fingerprint, '')
                || coalesce(excluded_events.events_fingerprint, '')
                {%- if has_reported_usage() %}
                || coalesce(reported.reported_fingerprint, '')
                {%- endif %}
                || '{{ var("activation_events") }}'
            ), 1, 12
        ) as inputs_fingerprint
    from source_keys
    left outer join first_days
        on source_keys.account_id = first_days.account_id
    {%- if has_reported_usage() %}
    left outer join reported
        on source_keys.account_id = reported.account_id
    {%- endif %}
    left outer join licences
        on source_keys.account_id = licences.account_id
    left outer join excluded_users
        on source_keys.account_id = excluded_users.account_id
    cross join feature_map
    cross join excluded_events
    where
        first_days.first_usage_date is not null
        {%- if has_reported_usage() %}
        or reported.first_usage_date is not null
        {%- endif %}
)

select * from final
