"""Which published columns refer to which: by `references.yml`, not by a test of dbt for each table.

What is told is what BI may join by. That the values are there is held by one test over the demo
company, and again by `csw publish` where a target has foreign keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import yaml

RULES = Path(__file__).with_name("references.yml")


@dataclass(frozen=True)
class Reference:
    """What a column refers to.

    Attributes:
        table: The table in which its values are found.
        column: The column there.
        also: Columns of the same name in both tables that belong to the join.
    """

    table: str
    column: str
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rule:
    """A rule of `references.yml`.

    Attributes:
        columns: Patterns of names.
        to: Table and column, with a dot.
        also: Columns that belong to the join, for the tables that have them.
        exceptions: The reason by table.
    """

    columns: tuple[str, ...]
    to: str
    also: tuple[str, ...] = ()
    exceptions: Mapping[str, str] = field(default_factory=dict)

    def reference_of(self, table: str, column: str, beside: frozenset[str]) -> Reference | None:
        """Return what a column refers to by this rule, if anything.

        Args:
            table: Its table.
            column: Its name.
            beside: All columns of its table.
        """
        if table in self.exceptions or f"{table}.{column}" == self.to:
            return None
        other, _, key = self.to.partition(".")
        return Reference(other, key, tuple(name for name in self.also if name in beside))


@cache
def reference_rules() -> tuple[Rule, ...]:
    """Return the rules of `references.yml`, in their order."""
    written: list[dict[str, Any]] = yaml.safe_load(RULES.read_text(encoding="utf-8"))
    return tuple(
        Rule(
            tuple(rule["columns"]),
            rule["to"],
            tuple(rule.get("with") or ()),
            rule.get("except") or {},
        )
        for rule in written
    )


def references(columns: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Reference]:
    """Return what published columns refer to, by table and column.

    Args:
        columns: Table and name of each published column.
    """
    tables: dict[str, set[str]] = {}
    for table, column in columns:
        tables.setdefault(table, set()).add(column)
    found = {
        (table, column): _reference(table, column, frozenset(names))
        for table, names in tables.items()
        for column in sorted(names)
    }
    # A company without billing publishes no products.
    return {
        place: reference
        for place, reference in found.items()
        if reference and reference.column in tables.get(reference.table, ())
    }


def _reference(table: str, column: str, beside: frozenset[str]) -> Reference | None:
    for rule in reference_rules():
        if any(fnmatchcase(column, pattern) for pattern in rule.columns):
            return rule.reference_of(table, column, beside)
    return None
