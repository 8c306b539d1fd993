-- Grain: one row: the definition that is in force now.
{{ from_ledger('definition', {'definition_version': 'varchar'}) }}
