-- Grain: one row per account in scope and day on which a count of its key features changes.
-- A key feature is in use from the day its activation_events-th event of 28 days happens until 28
-- days after that many have. It is entitled while the account owns its product (always, where it
-- belongs to no product), from its introduction on. int_product_account_spells adds the changes up.
{{ config(materialized='ephemeral') }}
{%- set needed = var('activation_events') | int %}

with scope as (
    select
        account_id,
        account_no,
        read_from,
        is_deep
    from {{ ref('int_product_usage_scope') }}
),

keys as (
    select
        accounts.source_system,
        accounts.account_key,
        scope.account_no,
        scope.read_from,
        scope.is_deep
    from {{ ref('int_product_accounts') }} as accounts
    inner join scope
        on accounts.account_id = scope.account_id
),

features as (
    select
        mapped.event_name,
        mapped.feature
    from {{ ref('int_product_features') }} as mapped
    where mapped.is_key_feature
),

event_days as (
    {%- for branch in ['recent', 'deep'] %}
    select
        keys.account_no,
        days.event_name,
        days.usage_date,
        days.events as counted_events,
        0 as reported_events
    from {{ ref('int_product_feature_days') }} as days
    inner join keys
        on
            days.source_system = keys.source_system
            and days.account_key = keys.account_key
            and days.usage_date >= keys.read_from
    where
        {%- if branch == 'recent' %}
        not keys.is_deep
        and days.usage_date >= {{ add_days(recent_usage_from(), -27) }}
        {%- else %}
        keys.is_deep
        {%- endif %}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
    {%- if has_reported_usage() %}
    union all
    select
        keys.account_no,
        reported.event_name,
        reported.usage_date,
        0 as counted_events,
        reported.events as reported_events
    from {{ ref('int_product_reported_days') }} as reported
    inner join keys
        on
            reported.source_system = keys.source_system
            and reported.account_key = keys.account_key
            and reported.usage_date >= keys.read_from
    {%- endif %}
),

feature_days as (
    select
        event_days.account_no,
        features.feature,
        event_days.usage_date,
        greatest(sum(event_days.counted_events), sum(event_days.reported_events)) as events
    from event_days
    inner join features
        on event_days.event_name = features.event_name
    group by
        event_days.account_no,
        features.feature,
        event_days.usage_date
    having greatest(sum(event_days.counted_events), sum(event_days.reported_events)) > 0
),

-- reached_on: the latest day since when the feature has the needed number of events.
reached as (
    select
        account_no,
        feature,
        usage_date,
        {%- if needed == 1 %}
        usage_date as reached_on
        {%- else %}
        case
            when events >= {{ needed }} then usage_date
            {%- set total = ['events'] %}
            {%- for back in range(1, needed) %}
            {%- do total.append('coalesce(lag(events, ' ~ back ~ ') over feature_order, 0)') %}
            when {{ total | join(' + ') }} >= {{ needed }}
                then lag(usage_date, {{ back }}) over feature_order
            {%- endfor %}
        end as reached_on
        {%- endif %}
    from feature_days
    {%- if needed > 1 %}
    window feature_order as (partition by account_no, feature order by usage_date)
    {%- endif %}
),

stretches as (
    select
        account_no,
        feature,
        usage_date as used_from,
        {{ add_days('reached_on', 28) }} as used_to
    from reached
    where {{ add_days('reached_on', 28) }} > usage_date
),

marked as (
    select
        account_no,
        feature,
        used_from,
        used_to,
        case
            when
                lag(used_to) over (
                    partition by account_no, feature
                    order by used_from
                ) >= used_from
                then 0
            else 1
        end as is_start
    from stretches
),

numbered as (
    select
        account_no,
        feature,
        used_from,
        used_to,
        sum(is_start) over (
            partition by account_no, feature
            order by used_from
            rows between unbounded preceding and current row
        ) as spell
    from marked
),

spells as (
    select
        account_no,
        feature,
        min(used_from) as used_from,
        max(used_to) as used_to
    from numbered
    group by
        account_no,
        feature,
        spell
),

entitled as (
    select
        scope.account_no,
        key_features.feature,
        greatest(key_features.introduced_on, scope.read_from) as entitled_from,
        cast('9999-12-31' as date) as entitled_to
    from scope
    cross join {{ ref('int_product_key_features') }} as key_features
    where key_features.product_id is null
    union all
    select
        scope.account_no,
        key_features.feature,
        greatest(key_features.introduced_on, licences.valid_from, scope.read_from)
            as entitled_from,
        coalesce(licences.valid_to, cast('9999-12-31' as date)) as entitled_to
    from scope
    inner join {{ ref('int_product_licences') }} as licences
        on scope.account_id = licences.account_id
    inner join {{ ref('int_product_key_features') }} as key_features
        on licences.product_id = key_features.product_id
),

activated as (
    select
        spells.account_no,
        greatest(spells.used_from, entitled.entitled_from) as activated_from,
        least(spells.used_to, entitled.entitled_to) as activated_to
    from spells
    inner join entitled
        on
            spells.account_no = entitled.account_no
            and spells.feature = entitled.feature
            and spells.used_from < entitled.entitled_to
            and spells.used_to > entitled.entitled_from
),

changes as (
    {%- for relation, prefix in [
        ('spells', 'used'), ('entitled', 'entitled'), ('activated', 'activated')
    ] %}
    {%- for edge, sign in [('from', '1'), ('to', '-1')] %}
    select
        account_no,
        {{ prefix }}_{{ edge }} as usage_date,
        {{ sign if prefix == 'used' else 0 }} as used,
        {{ sign if prefix == 'entitled' else 0 }} as entitled,
        {{ sign if prefix == 'activated' else 0 }} as activated
    from {{ relation }}
    where {{ prefix }}_from < {{ prefix }}_to
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

final as (
    select
        account_no,
        usage_date,
        cast(sum(used) as integer) as used,
        cast(sum(entitled) as integer) as entitled,
        cast(sum(activated) as integer) as activated
    from changes
    where usage_date <= {{ as_of_date() }}
    group by
        account_no,
        usage_date
)

select * from final
