-- Grain: one row per acceptance of a gap in the data, by its number.
{{ from_ledger('accepted_gaps', {
    'acceptance': 'bigint',
    'source_system': 'varchar',
    'object_type': 'varchar',
    'object_id': 'varchar',
    'gap': 'varchar',
    'accepted_by': 'varchar',
    'accepted_at': 'timestamp',
    'reason': 'varchar',
    'expires_on': 'date',
    'is_expired': 'boolean',
    'what_is_missing': 'varchar',
    'row_count': 'bigint',
    'arr_affected': 'decimal(18, 2)',
}) }}
