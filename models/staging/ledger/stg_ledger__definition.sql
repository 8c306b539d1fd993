-- Grain: one row per definition version in force now: one at most.
{{ from_ledger('definition', {'definition_version': 'varchar'}) }}
