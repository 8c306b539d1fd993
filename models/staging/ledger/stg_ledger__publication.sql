-- Grain: one row, of the last publication; none before anything is published.
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
