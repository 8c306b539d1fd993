"""`data_dictionary`: what each published column is, for who has the file and no repository.

It says nothing that is not written elsewhere: descriptions, owners, tests and grains are those of
the dbt manifest, types those of the file. Units follow from type and name, by `units.yml`, and what
a column refers to from its name, by `references.yml`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from orchestration.reference_tables import PublishedColumn, ReferenceColumn, ReferenceTable
from orchestration.references import references

TABLE = "data_dictionary"
OWNER = "analytics_engineering"
UNITS = Path(__file__).with_name("units.yml")
MONEY = "money"
NEVER_NULL = "Never null."
_GRAIN = re.compile(r"^\s*(?:--|#)\s*Grain:\s*(.+)$", re.MULTILINE)
_SENTENCE = re.compile(r"(?<=[.;])\s+")
_NULL = re.compile(r"\bnull\b", re.IGNORECASE)
# DuckDB's types, by the kinds of `units.yml`.
_KINDS = {
    "VARCHAR": "varchar",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "DOUBLE": "double",
    "BIGINT": "integer",
    "INTEGER": "integer",
}
COLUMNS = (
    ReferenceColumn("table_name", "varchar", "The published table."),
    ReferenceColumn("column_name", "varchar", "Its column."),
    ReferenceColumn("position", "integer", "The place of the column in the table, from 1."),
    ReferenceColumn("data_type", "varchar", "Its type in DuckDB."),
    ReferenceColumn(
        "unit",
        "varchar",
        "What a value counts or measures; amounts have the code of the reporting currency. Null for"
        " texts.",
    ),
    ReferenceColumn("description", "varchar", "What it is."),
    ReferenceColumn(
        "null_meaning",
        "varchar",
        "What it means that there is no value. Null where nothing is said of it.",
    ),
    ReferenceColumn(
        "is_key", "boolean", "Whether it is of the columns that tell the rows of the table apart."
    ),
    ReferenceColumn(
        "is_personal",
        "boolean",
        "Whether it is marked as personal data: what people are called, where they are reached, or"
        " what somebody wrote freely.",
    ),
    ReferenceColumn(
        "reference",
        "varchar",
        "Table and column that have its values, to join by. Null for a column that refers to no"
        " other table.",
    ),
    ReferenceColumn(
        "reference_with",
        "varchar",
        "Columns of the same name in both tables that belong to that join, with commas. Null where"
        " the column alone is enough.",
    ),
    ReferenceColumn("table_grain", "varchar", "What one row of the table is."),
    ReferenceColumn("table_description", "varchar", "What the table is."),
    ReferenceColumn("owner", "varchar", "Who answers for the table."),
)


@dataclass(frozen=True)
class Model:
    """What the manifest says of a published table."""

    grain: str
    description: str
    owner: str
    key: frozenset[str]
    never_null: frozenset[str]
    personal: frozenset[str]


def data_dictionary(
    manifest: Mapping[str, Any],
    columns: Sequence[PublishedColumn],
    others: Sequence[ReferenceTable],
    currency: str,
) -> ReferenceTable:
    """Return the dictionary of all published tables, itself among them.

    Args:
        manifest: Of dbt.
        columns: The columns of the published models.
        others: The other reference tables.
        currency: The reporting currency.
    """
    models = described_models(manifest)
    empty = ReferenceTable(
        name=TABLE,
        grain="one row per published table and column.",
        description="What each column of each published table is: type, unit, description, what "
        "null means, key, reference, and of the table its grain and owner.",
        owner=OWNER,
        key=("table_name", "column_name"),
        columns=COLUMNS,
    )
    rows = [
        *_model_rows(models, columns, currency),
        *(row for each in (*others, empty) for row in _reference_rows(each)),
    ]
    return ReferenceTable(**{**vars(empty), "rows": sorted(rows, key=lambda row: (row[0], row[2]))})


def described_models(manifest: Mapping[str, Any]) -> dict[str, Model]:
    """Return what the manifest says of each fact and mart, by its name."""
    nodes = manifest["nodes"]
    keys: dict[str, list[tuple[int, int, list[str]]]] = {}
    filled: dict[str, set[str]] = {}
    for node in nodes.values():
        test, model = node.get("test_metadata") or {}, node.get("attached_node")
        arguments = test.get("kwargs") or {}
        if not model or not _is_everywhere(node):
            continue
        if test["name"] == "unique_grain":
            columns, optional = arguments["columns"], arguments.get("optional") or []
            filled.setdefault(model, set()).update(
                {*columns, *(arguments.get("not_null") or [])}.difference(optional)
            )
            keys.setdefault(model, []).append((len(optional), len(columns), columns))
        elif test["name"] == "not_null":
            filled.setdefault(model, set()).add(arguments["column_name"])
    return {
        node["alias"]: Model(
            grain=grain_of(node.get("raw_code") or ""),
            description=node["description"],
            owner=node.get("group") or "",
            # A second test holds a further rule, such as one open row each: the key has no gaps.
            key=frozenset(min(keys[name])[2] if name in keys else ()),
            never_null=frozenset(filled.get(name, ())),
            personal=frozenset(
                column["name"]
                for column in (node.get("columns") or {}).values()
                if (column.get("meta") or {}).get("pii")
            ),
        )
        for name, node in nodes.items()
        if node["resource_type"] == "model"
    }


def _is_everywhere(test: Mapping[str, Any]) -> bool:
    """Whether a test holds of all rows: one with a condition says nothing of the others."""
    return not (test["config"].get("where"))


def grain_of(code: str) -> str:
    """Return what a model says in its first line that one row of it is."""
    found = _GRAIN.search(code)
    return found.group(1).strip() if found else ""


def unit_of(table: str, name: str, data_type: str) -> str | None:
    """Return the unit of a column by `units.yml`: empty for texts, none where no rule names it."""
    kind = _KINDS.get(data_type.upper()) or data_type.lower().partition("(")[0].partition(" ")[0]
    for unit, patterns in _units().get(kind, {}).items():
        if any(fnmatchcase(each, rule) for rule in patterns for each in (name, f"{table}.{name}")):
            return unit
    return None


@cache
def _units() -> dict[str, dict[str, list[str]]]:
    return yaml.safe_load(UNITS.read_text(encoding="utf-8"))


def null_meaning(description: str) -> str | None:
    """Return the sentences of a description that say what null means."""
    said = " ".join(part for part in _SENTENCE.split(description) if _NULL.search(part))
    return said or None


def _model_rows(
    models: Mapping[str, Model], columns: Sequence[PublishedColumn], currency: str
) -> Iterator[tuple[Any, ...]]:
    referring = references((column.table, column.name) for column in columns)
    for column in columns:
        model = models[column.table]
        unit = unit_of(column.table, column.name, column.data_type)
        reference = referring.get((column.table, column.name))
        never = NEVER_NULL if column.name in model.never_null else None
        yield (
            column.table,
            column.name,
            column.position,
            column.data_type,
            (currency if unit == MONEY else unit) or None,
            column.comment,
            null_meaning(column.comment) or never,
            column.name in model.key,
            column.name in model.personal,
            f"{reference.table}.{reference.column}" if reference else None,
            ", ".join(reference.also) or None if reference else None,
            model.grain,
            model.description,
            model.owner,
        )


def _reference_rows(table: ReferenceTable) -> Iterator[tuple[Any, ...]]:
    for position, column in enumerate(table.columns, start=1):
        yield (
            table.name,
            column.name,
            position,
            column.data_type.upper(),
            unit_of(table.name, column.name, column.data_type) or None,
            column.description,
            null_meaning(column.description) or (NEVER_NULL if column.name in table.key else None),
            column.name in table.key,
            False,
            None,
            None,
            table.grain,
            table.description,
            table.owner,
        )
