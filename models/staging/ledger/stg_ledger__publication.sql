-- Grain: one row per publication in force: the last one, or none.
{{ from_ledger('publication', {
    'run_id': 'varchar',
    'as_of_date': 'date',
    'compared_on': 'date',
    'is_as_booked': 'boolean',
    'reporting_currency': 'varchar',
    'definition_version': 'varchar',
    'metric_policy': 'varchar',
    'unreadable': 'varchar',
}) }}
