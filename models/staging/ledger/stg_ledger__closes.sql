-- Grain: one row per closed month.
{{ from_ledger('closes', {
    'close_month': 'date',
    'as_of_date': 'date',
    'closed_at': 'timestamp',
    'closed_by': 'varchar',
    'run_id': 'varchar',
    'definition_version': 'varchar',
    'content_hash': 'varchar',
}) }}
