-- Grain: one row per account, product and day from which its seats hold, as known then.
-- As int_product_licences, but a state counts from the day it was recorded until the next was,
-- whatever day it is dated back to, and a merged account has its own seats until the merge. Sources
-- without a record of their changes are taken at their word: known when it happened.
{% set state_columns = {
    'subscription_id': 'varchar',
    'valid_from': 'date',
    'known_at': 'timestamp',
    'state_number': 'integer',
} %}

with states as (
    {{ union_systems('billing', {'stripe': 'int_stripe_subscription_states'}, state_columns) }}
),

known_states as (
    select
        source_system,
        subscription_id,
        valid_from,
        cast(known_at as date) as known_from,
        coalesce(
            min(cast(known_at as date)) over (
                partition by source_system, subscription_id
                order by state_number
                rows between 1 following and unbounded following
            ),
            cast('9999-12-31' as date)
        ) as known_to
    from states
),

products as (
    select
        source_system,
        product_id,
        is_core
    from {{ ref('int_billing_products') }}
),

recorded as (
    select
        versions.source_system,
        versions.subscription_item_id,
        versions.product_id,
        xref.account_id,
        greatest(known_states.known_from, versions.valid_from) as known_from,
        known_states.known_to,
        case
            when
                versions.usage_type = 'licensed' and coalesce(products.is_core, true)
                then versions.quantity
            else 0
        end as seats
    from {{ ref('int_arr_line_versions') }} as versions
    inner join known_states
        on
            versions.source_system = known_states.source_system
            and versions.subscription_id = known_states.subscription_id
            and versions.valid_from = known_states.valid_from
    inner join {{ ref('int_account_xref') }} as xref
        on
            versions.source_system = xref.source_system
            and versions.customer_id = xref.system_key
    left outer join products
        on
            versions.source_system = products.source_system
            and versions.product_id = products.product_id
    where
        {{ is_billable_status('versions.status') }}
        {%- if var('pause_policy') == 'zero' %}
        and versions.paused_from is null
        {%- endif %}
),

dated as (
    select
        source_system,
        subscription_item_id,
        product_id,
        contract_account_id as account_id,
        valid_from as known_from,
        coalesce(valid_to, cast('9999-12-31' as date)) as known_to,
        seats
    from {{ ref('int_arr_line_intervals') }}
    where
        is_billable
        and source_system not in (select known_states.source_system from known_states)
),

lines as (
    select * from recorded
    union all
    select
        source_system,
        subscription_item_id,
        product_id,
        account_id,
        known_from,
        known_to,
        seats
    from dated
),

owned as (
    select
        ownership.owner_account_id as account_id,
        coalesce(lines.product_id, '') as product_id,
        greatest(lines.known_from, ownership.valid_from) as valid_from,
        least(lines.known_to, coalesce(ownership.valid_to, lines.known_to)) as valid_to,
        lines.seats
    from lines
    inner join {{ ref('int_account_ownership') }} as ownership
        on
            lines.account_id = ownership.account_id
            and lines.known_to > ownership.valid_from
            and (ownership.valid_to is null or lines.known_from < ownership.valid_to)
    where
        ownership.owner_account_id <> 'unassigned'
        and lines.known_from < lines.known_to
        and greatest(lines.known_from, ownership.valid_from) <= {{ as_of_date() }}
),

changes as (
    select
        account_id,
        product_id,
        valid_from as changed_on,
        1 as line_change,
        seats as seat_change
    from owned
    union all
    select
        account_id,
        product_id,
        valid_to as changed_on,
        -1 as line_change,
        -seats as seat_change
    from owned
),

daily as (
    select
        account_id,
        product_id,
        changed_on,
        sum(line_change) as line_change,
        sum(seat_change) as seat_change
    from changes
    group by
        account_id,
        product_id,
        changed_on
),

running as (
    select
        account_id,
        product_id,
        changed_on as valid_from,
        lead(changed_on) over so_far as valid_to,
        sum(line_change) over so_far as open_lines,
        sum(seat_change) over so_far as seats
    from daily
    window so_far as (partition by account_id, product_id order by changed_on)
),

final as (
    select
        account_id,
        product_id,
        valid_from,
        valid_to,
        cast(seats as decimal(18, 4)) as seats
    from running
    where open_lines > 0
)

select * from final
