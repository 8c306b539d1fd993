-- Grain: one row per subscription: when billing delivered something new about it or its items, or
-- no longer had them.
-- The loader keeps a row only where it differs from what was there, so a subscription that comes
-- again unchanged was not delivered anew. It is the loader's time, of no use in a metric: it tells
-- what was known when a month was closed.
{% set columns = {'subscription_id': 'varchar', 'load_id': 'varchar'} %}
{% set gone_columns = {'subscription_id': 'varchar', 'gone_load_id': 'varchar'} %}

with subscriptions as (
    {{ union_systems(
        'billing',
        {'stripe': 'stg_stripe__subscription_versions', 'files': 'stg_files__subscriptions'},
        columns
    ) }}
),

changes as (
    {{ union_systems(
        'billing',
        {'stripe': 'stg_stripe__subscription_events', 'files': 'stg_files__subscription_items'},
        columns
    ) }}
),

gone_subscriptions as (
    {{ union_systems('billing', {'files': 'stg_files__subscriptions'}, gone_columns) }}
),

gone_items as (
    {{ union_systems('billing', {'files': 'stg_files__subscription_items'}, gone_columns) }}
),

united as (
    select * from subscriptions
    union all
    select * from changes
    union all
    select * from gone_subscriptions
    union all
    select * from gone_items
),

final as (
    select
        source_system,
        subscription_id,
        max({{ loaded_at('load_id') }}) as delivered_at
    from united
    group by
        source_system,
        subscription_id
)

select * from final
