-- Grain: one row per account, month and feature that the account could use at the month's snapshot.
-- The product of the feature is owned on the day at which the month's ARR is taken (the as-of date
-- in the current month); a feature of no product is everybody's who owns one. A feature counts from
-- the first month in which anybody used it.
with months as (
    select
        month,
        snapshot_on
    from {{ ref('int_calendar_months') }}
),

used as (
    select
        feature,
        min(month) as introduced_in
    from {{ ref('int_product_feature_months') }}
    group by feature
),

features as (
    select
        mapped.feature,
        max(mapped.product_id) as product_id,
        max(used.introduced_in) as introduced_in
    from {{ ref('int_product_features') }} as mapped
    inner join used
        on mapped.feature = used.feature
    where not mapped.is_gated_attempt
    group by mapped.feature
),

licences as (
    select
        account_id,
        product_id,
        valid_from,
        valid_to
    from {{ ref('int_product_licences') }}
),

owned as (
    select
        licences.account_id,
        licences.product_id,
        months.month
    from licences
    inner join months
        on
            licences.valid_from <= months.snapshot_on
            and (licences.valid_to is null or licences.valid_to > months.snapshot_on)
),

final as (
    select distinct
        owned.account_id,
        owned.month,
        features.feature
    from owned
    inner join features
        on
            owned.month >= features.introduced_in
            and (features.product_id is null or owned.product_id = features.product_id)
)

select * from final
