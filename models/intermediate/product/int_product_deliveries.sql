-- Grain: one row per delivered product event known at the end of the as-of date, excluded ones too.
-- An event that happened or arrived later is not known yet. Repeated deliveries are still here.
-- Nothing is computed per row: whatever can wait is done after counting.
{{ config(materialized='view') }}
{% set columns = {
    'event_id': 'varchar',
    'account_key': 'varchar',
    'user_id': 'varchar',
    'event_name': 'varchar',
    'occurred_at': 'timestamp',
    'received_at': 'timestamp',
    'load_id': 'varchar',
    'source_line': 'bigint',
} %}

with united as (
    {{ union_systems(
        'product',
        {'segment': 'int_segment_events', 'files': 'int_files_events'},
        columns
    ) }}
),

final as (
    select
        source_system,
        event_id,
        account_key,
        user_id,
        event_name,
        occurred_at,
        received_at,
        load_id,
        source_line
    from united
    where
        occurred_at < {{ day_start(as_of_date(), 1) }}
        and received_at < {{ day_start(as_of_date(), 1) }}
)

select * from final
