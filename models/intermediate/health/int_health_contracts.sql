-- Grain: one row per account, subscription and day from which it was under contract, as known then.
-- The ledger says what was true; this says what was known: a start or an end that was backdated
-- counts from the day it was recorded, and a merged account has its own contracts until the merge.
{% set columns = {
    'subscription_id': 'varchar',
    'customer_id': 'varchar',
    'status': 'varchar',
    'valid_from': 'date',
    'known_at': 'timestamp',
    'state_number': 'integer',
    'term_end': 'date',
} %}

with states as (
    {{ union_systems('billing', {'stripe': 'int_stripe_subscription_states'}, columns) }}
),

lines as (
    select
        source_system,
        subscription_id,
        contract_account_id,
        valid_from,
        valid_to
    from {{ ref('int_arr_line_intervals') }}
    where
        is_billable
        or is_paused
),

terms as (
    select
        source_system,
        subscription_id,
        term_end
    from {{ ref('int_billing_subscriptions') }}
),

customers as (
    select
        source_system,
        system_key,
        account_id
    from {{ ref('int_account_xref') }}
),

ownership as (
    select
        account_id,
        owner_account_id,
        valid_from,
        coalesce(valid_to, cast('9999-12-31' as date)) as valid_to
    from {{ ref('int_account_ownership') }}
),

learned as (
    select
        source_system,
        subscription_id,
        customer_id,
        status,
        term_end,
        state_number,
        greatest(cast(known_at as date), valid_from) as known_from
    from states
),

known_states as (
    select
        source_system,
        subscription_id,
        customer_id,
        status,
        term_end,
        known_from,
        coalesce(
            min(known_from) over (
                partition by source_system, subscription_id
                order by state_number
                rows between 1 following and unbounded following
            ),
            cast('9999-12-31' as date)
        ) as known_to
    from learned
),

-- A source without a record of its changes is taken at its word: known when it happened.
contracts as (
    select
        known_states.source_system,
        known_states.subscription_id,
        customers.account_id,
        known_states.known_from as valid_from,
        known_states.known_to as valid_to,
        known_states.term_end
    from known_states
    inner join customers
        on
            known_states.source_system = customers.source_system
            and known_states.customer_id = customers.system_key
    where
        {{ is_billable_status('known_states.status') }}
        and known_states.known_from < known_states.known_to
    union all
    select
        lines.source_system,
        lines.subscription_id,
        lines.contract_account_id as account_id,
        lines.valid_from,
        coalesce(lines.valid_to, cast('9999-12-31' as date)) as valid_to,
        terms.term_end
    from lines
    left outer join terms
        on
            lines.source_system = terms.source_system
            and lines.subscription_id = terms.subscription_id
    left outer join known_states
        on
            lines.source_system = known_states.source_system
            and lines.subscription_id = known_states.subscription_id
    where known_states.subscription_id is null
),

final as (
    select
        ownership.owner_account_id as account_id,
        contracts.source_system,
        contracts.subscription_id,
        greatest(contracts.valid_from, ownership.valid_from) as valid_from,
        min(least(contracts.valid_to, ownership.valid_to)) as valid_to,
        max(contracts.term_end) as term_end
    from contracts
    inner join ownership
        on
            contracts.account_id = ownership.account_id
            and contracts.valid_from < ownership.valid_to
            and contracts.valid_to > ownership.valid_from
    where
        ownership.owner_account_id <> 'unassigned'
        and greatest(contracts.valid_from, ownership.valid_from) <= {{ as_of_date() }}
    group by
        ownership.owner_account_id,
        contracts.source_system,
        contracts.subscription_id,
        greatest(contracts.valid_from, ownership.valid_from)
)

select * from final
