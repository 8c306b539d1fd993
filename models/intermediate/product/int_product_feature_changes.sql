-- Grain: one row per account in scope and day on which a count of its key features changes.
-- A key feature is entitled while the account owns its product (always, where it belongs to no
-- product), from its introduction on, and activated while it is both in use and entitled.
-- int_product_account_spells adds the changes up.
{{ config(materialized='ephemeral') }}

with scope as (
    select
        account_id,
        account_no,
        read_from
    from {{ ref('int_product_usage_scope') }}
),

key_features as (
    select
        feature_no,
        product_id,
        introduced_on
    from {{ ref('int_product_key_features') }}
),

licences as (
    select
        account_id,
        product_id,
        valid_from,
        valid_to
    from {{ ref('int_product_licences') }}
),

spells as (
    select
        account_no,
        feature_no,
        used_from,
        used_to
    from {{ ref('int_product_feature_spells') }}
),

entitled as (
    select
        scope.account_no,
        key_features.feature_no,
        greatest(key_features.introduced_on, scope.read_from) as entitled_from,
        cast('9999-12-31' as date) as entitled_to
    from scope
    cross join key_features
    where key_features.product_id is null
    union all
    select
        scope.account_no,
        key_features.feature_no,
        greatest(key_features.introduced_on, licences.valid_from, scope.read_from)
            as entitled_from,
        coalesce(licences.valid_to, cast('9999-12-31' as date)) as entitled_to
    from scope
    inner join licences
        on scope.account_id = licences.account_id
    inner join key_features
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
            and spells.feature_no = entitled.feature_no
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
