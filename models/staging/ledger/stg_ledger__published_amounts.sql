-- Grain: one row per figure, day and account: what the account added to it when last published.
{{ from_ledger('published_amounts', {
    'figure': 'varchar',
    'figure_on': 'date',
    'account_id': 'varchar',
    'account_name': 'varchar',
    'amount': 'decimal(18, 2)',
    'base': 'decimal(18, 2)',
}) }}
