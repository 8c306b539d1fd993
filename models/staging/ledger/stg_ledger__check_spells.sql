-- Grain: one row per check and stretch of runs in which it had the same status.
{{ from_ledger('check_spells', {
    'check_name': 'varchar',
    'check_type': 'varchar',
    'protects': 'varchar',
    'description': 'varchar',
    'severity': 'varchar',
    'owner': 'varchar',
    'status': 'varchar',
    'failing_rows': 'bigint',
    'remedy': 'varchar',
    'first_at': 'timestamp',
    'last_at': 'timestamp',
    'last_run_id': 'varchar',
    'is_present': 'boolean',
}) }}
