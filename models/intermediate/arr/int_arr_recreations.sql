-- Grain: one row per contract line and day from which it does not count: its contract was made
-- anew in the place of another one, with a start that lies before it was made.
-- Systems that are moved or set up anew keep the first start of a customer, so the same days are
-- there twice. Until the new contract was made, those of its account and product count that ended
-- when it was made, a month earlier or later, and those before them. Of another billing system any
-- product will do: their ids are not the same. What renews one is no matter of this model.
{% set never = "cast('9999-12-31' as date)" %}
{% set columns = {
    'subscription_id': 'varchar',
    'started_on': 'date',
    'made_on': 'date',
} %}

with lines as (
    select
        {{ each_column([
            'source_system', 'subscription_item_id', 'subscription_id', 'product_id',
            'account_id', 'valid_from', 'arr',
        ], '@') }},
        coalesce(valid_to, {{ never }}) as valid_to
    from {{ ref('int_arr_line_amounts') }}
),

subscriptions as (
    {{ union_systems(
        'billing',
        {'stripe': 'int_stripe_subscriptions', 'files': 'int_files_subscriptions'},
        columns
    ) }}
),

successors as (
    select distinct
        successor_source,
        successor_id,
        product_id
    from {{ ref('int_arr_successions') }}
),

backdated as (
    select
        lines.*,
        subscriptions.made_on
    from lines
    inner join subscriptions
        on
            lines.source_system = subscriptions.source_system
            and lines.subscription_id = subscriptions.subscription_id
    left outer join successors
        on
            lines.source_system = successors.successor_source
            and lines.subscription_id = successors.successor_id
            and lines.product_id is not distinct from successors.product_id
    where
        subscriptions.started_on < subscriptions.made_on
        and lines.valid_from < subscriptions.made_on
        and lines.account_id <> 'unassigned'
        and successors.successor_id is null
),

contracts as (
    select
        source_system,
        subscription_id,
        product_id,
        account_id,
        min(valid_from) as paid_from,
        max(valid_to) as paid_until
    from lines
    where arr > 0
    group by source_system, subscription_id, product_id, account_id
),

replaced as (
    select
        backdated.source_system,
        backdated.subscription_item_id,
        backdated.subscription_id,
        backdated.account_id,
        backdated.made_on,
        backdated.valid_from,
        backdated.valid_to,
        backdated.arr,
        min(contracts.paid_from) as old_from,
        max(contracts.paid_until) as old_until,
        max_by(contracts.subscription_id, contracts.paid_until) as old_id
    from backdated
    inner join contracts
        on
            backdated.account_id = contracts.account_id
            and (
                backdated.source_system <> contracts.source_system
                or (
                    backdated.subscription_id <> contracts.subscription_id
                    and backdated.product_id is not distinct from contracts.product_id
                )
            )
            and contracts.paid_until <= {{ add_days('backdated.made_on', 31) }}
    group by
        backdated.source_system,
        backdated.subscription_item_id,
        backdated.subscription_id,
        backdated.account_id,
        backdated.made_on,
        backdated.valid_from,
        backdated.valid_to,
        backdated.arr
    having max(contracts.paid_until) >= {{ add_days('backdated.made_on', -31) }}
),

dated as (
    select
        *,
        greatest(valid_from, old_from) as uncounted_from,
        least(valid_to, made_on, old_until) as uncounted_to
    from replaced
),

final as (
    select
        source_system,
        subscription_item_id,
        uncounted_from,
        subscription_id,
        account_id,
        uncounted_to,
        made_on,
        old_id,
        cast(arr as decimal(18, 2)) as arr
    from dated
    where uncounted_from < uncounted_to
)

select * from final
