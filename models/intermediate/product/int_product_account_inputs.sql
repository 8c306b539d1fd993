-- Grain: one row per account that has usage.
-- Everything but single events that an account's usage figures rest on, as one fingerprint: which
-- source keys are the account's, what it owns, which key features there are, what it reported.
-- fct_account_usage_day keeps it and rebuilds the account's whole history when it differs.
with accounts as (
    select
        account_id,
        min(first_usage_date) as first_usage_date,
        md5(
            string_agg(
                source_system || ' ' || account_key, '|' order by source_system, account_key
            )
        ) as keys_fingerprint
    from {{ ref('int_product_accounts') }}
    group by account_id
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

reported as (
    select
        accounts_of_keys.account_id,
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
    inner join {{ ref('int_product_accounts') }} as accounts_of_keys
        on
            days.source_system = accounts_of_keys.source_system
            and days.account_key = accounts_of_keys.account_key
    group by accounts_of_keys.account_id
),

final as (
    select
        accounts.account_id,
        accounts.first_usage_date,
        md5(
            accounts.keys_fingerprint
            || coalesce(licences.licences_fingerprint, '')
            || coalesce(feature_map.features_fingerprint, '')
            || coalesce(reported.reported_fingerprint, '')
            || '{{ var("activation_events") }}'
        ) as inputs_fingerprint
    from accounts
    left outer join licences
        on accounts.account_id = licences.account_id
    left outer join reported
        on accounts.account_id = reported.account_id
    cross join feature_map
)

select * from final
