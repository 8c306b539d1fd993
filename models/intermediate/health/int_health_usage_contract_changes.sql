-- Grain: one row per phase and day on which its seats or counts of key features, as known, change.
-- A key feature is entitled while the account is known to own its product (always, where it
-- belongs to no product), and activated while it is both in use and entitled.
{{ config(materialized='ephemeral') }}

with phases as (
    select
        phase_no,
        account_id
    from {{ ref('int_health_usage_sources') }}
    group by
        phase_no,
        account_id
),

key_features as (
    select
        feature_no,
        product_id,
        introduced_on
    from {{ ref('int_health_key_features') }}
),

licences as (
    select
        phases.phase_no,
        licences.product_id,
        licences.valid_from,
        coalesce(licences.valid_to, cast('9999-12-31' as date)) as valid_to,
        licences.seats
    from {{ ref('int_health_licences') }} as licences
    inner join phases
        on licences.account_id = phases.account_id
),

spells as (
    select
        phase_no,
        feature_no,
        used_from,
        used_to
    from {{ ref('int_health_usage_feature_spells') }}
),

entitled as (
    select
        phases.phase_no,
        key_features.feature_no,
        key_features.introduced_on as entitled_from,
        cast('9999-12-31' as date) as entitled_to
    from phases
    cross join key_features
    where key_features.product_id is null
    union all
    select
        licences.phase_no,
        key_features.feature_no,
        greatest(key_features.introduced_on, licences.valid_from) as entitled_from,
        licences.valid_to as entitled_to
    from licences
    inner join key_features
        on licences.product_id = key_features.product_id
),

activated as (
    select
        spells.phase_no,
        greatest(spells.used_from, entitled.entitled_from) as activated_from,
        least(spells.used_to, entitled.entitled_to) as activated_to
    from spells
    inner join entitled
        on
            spells.phase_no = entitled.phase_no
            and spells.feature_no = entitled.feature_no
            and spells.used_from < entitled.entitled_to
            and spells.used_to > entitled.entitled_from
),

changes as (
    {%- for edge, sign in [('from', 1), ('to', -1)] %}
    select
        phase_no,
        valid_{{ edge }} as date_day,
        seats * {{ sign }} as seats,
        0 as entitled,
        0 as activated
    from licences
    union all
    select
        phase_no,
        entitled_{{ edge }} as date_day,
        0 as seats,
        {{ sign }} as entitled,
        0 as activated
    from entitled
    where entitled_from < entitled_to
    union all
    select
        phase_no,
        activated_{{ edge }} as date_day,
        0 as seats,
        0 as entitled,
        {{ sign }} as activated
    from activated
    where activated_from < activated_to
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

final as (
    select
        phase_no,
        date_day,
        sum(seats) as seats,
        sum(entitled) as entitled,
        sum(activated) as activated
    from changes
    group by
        phase_no,
        date_day
)

select * from final
