-- Grain: one row per contract line and day from which nothing about its ARR changes.
-- Line versions, cut where a discount begins or ends, a pause begins or ends, another customer
-- holds the subscription, or the account merges into another.
with versions as (
    select
        source_system,
        subscription_item_id,
        subscription_id,
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

holders as (
    select
        source_system,
        subscription_id,
        customer_id,
        valid_from,
        valid_to
    from {{ ref('int_billing_subscription_holders') }}
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

-- Whose a version is, one row per holder; Stripe has a version of its own for each customer.
held as (
    select
        versions.*,
        greatest(versions.valid_from, holders.valid_from) as held_from,
        coalesce(least(versions.valid_to, holders.valid_to), cast('9999-12-31' as date))
            as held_to,
        coalesce(customers.account_id, 'unassigned') as contract_account_id
    from versions
    left outer join holders
        on
            versions.source_system = holders.source_system
            and versions.subscription_id = holders.subscription_id
            and coalesce(versions.valid_to > holders.valid_from, true)
            and coalesce(versions.valid_from < holders.valid_to, true)
    left outer join customers
        on
            versions.source_system = customers.source_system
            and coalesce(holders.customer_id, versions.customer_id) = customers.system_key
),

-- Days within a version on which something besides it changes; few versions have any.
cuts as (
    select
        source_system,
        subscription_item_id,
        valid_from,
        held_from as cut_on
    from held
    union
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
        held.source_system,
        held.subscription_item_id,
        held.valid_from,
        ownership.valid_from as cut_on
    from held
    inner join ownership
        on
            held.contract_account_id = ownership.account_id
            and held.held_from < ownership.valid_from
            and held.held_to > ownership.valid_from
),

segments as (
    select
        held.source_system,
        held.subscription_item_id,
        cuts.cut_on as valid_from,
        coalesce(
            lead(cuts.cut_on) over (
                partition by cuts.source_system, cuts.subscription_item_id, cuts.valid_from
                order by cuts.cut_on
            ),
            held.valid_to
        ) as valid_to,
        held.valid_from as version_from,
        coalesce(ownership.owner_account_id, held.contract_account_id) as account_id,
        held.contract_account_id,
        coalesce(
            cuts.cut_on >= held.paused_from
            and (held.paused_until is null or cuts.cut_on < held.paused_until),
            false
        ) as is_paused
    from held
    inner join cuts
        on
            held.source_system = cuts.source_system
            and held.subscription_item_id = cuts.subscription_item_id
            and held.valid_from = cuts.valid_from
            and held.held_from <= cuts.cut_on
            and held.held_to > cuts.cut_on
    left outer join ownership
        on
            held.contract_account_id = ownership.account_id
            and cuts.cut_on >= ownership.valid_from
            and cuts.cut_on < ownership.valid_to
),

followed as (
    select
        *,
        lag(valid_to) over (
            partition by source_system, subscription_item_id order by valid_from
        ) as before_to
    from segments
),

final as (
    select
        source_system,
        subscription_item_id,
        valid_from,
        valid_to,
        version_from,
        account_id,
        contract_account_id,
        is_paused,
        -- Counts up at each gap between the days of the line.
        sum(case when before_to = valid_from then 0 else 1 end) over (
            partition by source_system, subscription_item_id
            order by valid_from
            rows between unbounded preceding and current row
        ) as stretch
    from followed
)

select * from final
