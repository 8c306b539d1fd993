-- Grain: one row per contract line and day from which nothing about its ARR changes.
-- Line versions, cut where a discount begins or ends, a pause begins or ends, or the account
-- merges into another.
with versions as (
    select
        source_system,
        subscription_item_id,
        valid_from,
        valid_to,
        customer_id,
        paused_from,
        paused_until
    from {{ ref('int_arr_line_versions') }}
),

discounts as (
    select
        source_system,
        subscription_item_id,
        valid_from,
        discount_from,
        discount_to
    from {{ ref('int_arr_line_discounts') }}
),

customers as (
    select
        source_system,
        system_key,
        account_id
    from {{ ref('int_billing_customers') }}
),

ownership as (
    select
        account_id,
        owner_account_id,
        valid_from,
        coalesce(valid_to, cast('9999-12-31' as date)) as valid_to
    from {{ ref('int_account_ownership') }}
),

versions_with_account as (
    select
        versions.*,
        coalesce(customers.account_id, 'unassigned') as contract_account_id
    from versions
    left outer join customers
        on
            versions.source_system = customers.source_system
            and versions.customer_id = customers.system_key
),

-- Days within a version on which something besides it changes; few versions have any.
inner_cuts as (
    select
        source_system,
        subscription_item_id,
        valid_from,
        paused_from as cut_on
    from versions
    where paused_from > valid_from
    union
    select
        source_system,
        subscription_item_id,
        valid_from,
        paused_until as cut_on
    from versions
    where paused_until > valid_from
    union
    select
        source_system,
        subscription_item_id,
        valid_from,
        discount_from as cut_on
    from discounts
    where discount_from > valid_from
    union
    select
        source_system,
        subscription_item_id,
        valid_from,
        discount_to as cut_on
    from discounts
    where discount_to > valid_from
    union
    select
        versions_with_account.source_system,
        versions_with_account.subscription_item_id,
        versions_with_account.valid_from,
        ownership.valid_from as cut_on
    from versions_with_account
    inner join ownership
        on
            versions_with_account.contract_account_id = ownership.account_id
            and versions_with_account.valid_from < ownership.valid_from
),

cuts as (
    select
        source_system,
        subscription_item_id,
        valid_from,
        valid_from as cut_on
    from versions
    union all
    select
        source_system,
        subscription_item_id,
        valid_from,
        cut_on
    from inner_cuts
),

final as (
    select
        versions_with_account.source_system,
        versions_with_account.subscription_item_id,
        cuts.cut_on as valid_from,
        coalesce(
            lead(cuts.cut_on) over (
                partition by
                    cuts.source_system,
                    cuts.subscription_item_id,
                    cuts.valid_from
                order by cuts.cut_on
            ),
            versions_with_account.valid_to
        ) as valid_to,
        versions_with_account.valid_from as version_from,
        coalesce(
            ownership.owner_account_id, versions_with_account.contract_account_id
        ) as account_id,
        versions_with_account.contract_account_id,
        coalesce(
            cuts.cut_on >= versions_with_account.paused_from
            and (
                versions_with_account.paused_until is null
                or cuts.cut_on < versions_with_account.paused_until
            ),
            false
        ) as is_paused
    from versions_with_account
    inner join cuts
        on
            versions_with_account.source_system = cuts.source_system
            and versions_with_account.subscription_item_id = cuts.subscription_item_id
            and versions_with_account.valid_from = cuts.valid_from
            and versions_with_account.valid_from <= cuts.cut_on
            and (
                versions_with_account.valid_to is null
                or versions_with_account.valid_to > cuts.cut_on
            )
    left outer join ownership
        on
            versions_with_account.contract_account_id = ownership.account_id
            and cuts.cut_on >= ownership.valid_from
            and cuts.cut_on < ownership.valid_to
)

select * from final
