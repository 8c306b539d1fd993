"""Rows that a loader flattened, as the objects they were.

dlt makes a column ``a__b`` of a key in an object and a table ``<table>__<path>`` of a list, whose
rows name their parent (``_dlt_parent_id``) and their place (``_dlt_list_idx``). A key without a
value, an empty object and an empty list leave nothing behind, so they are absent here, too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from orchestration.database import quote, text
from orchestration.loads.casts import is_nested
from orchestration.loads.landed_database import LandedTable

BETWEEN = "__"
# A value of another type than the column's goes to a column of its own.
_VARIANT = re.compile(r"v_(text|bigint|double|bool|timestamp|date|time|decimal|wei|json|binary)$")
_SCALARS = {"value"}


@dataclass
class _Tree:
    """Keys of an object: SQL of a value, or an object again."""

    values: dict[str, list[str]] = field(default_factory=dict)
    objects: dict[str, _Tree] = field(default_factory=dict)

    def put(self, path: list[str], sql: str) -> None:
        if len(path) > 1:
            self.objects.setdefault(path[0], _Tree()).put(path[1:], sql)
        else:
            self.values.setdefault(path[0], []).append(sql)

    def sql(self) -> str:
        pairs: list[str] = []
        for key in dict.fromkeys([*self.values, *self.objects]):
            found = list(self.values.get(key, ()))
            if key in self.objects:
                found.append(self.objects[key].sql())
            value = found[0] if len(found) == 1 else f"coalesce({', '.join(found)})"
            pairs.append(f"{text(key)}, {value}")
        return f"kept(json_object({', '.join(pairs)}))"


class Nesting:
    """The tables of a schema that belong together."""

    def __init__(self, place: str, tables: Mapping[str, LandedTable]) -> None:
        """Remember the schema and its tables, by lower-case name."""
        self._place = place
        self._tables = tables

    def has(self, table: str, key: str) -> bool:
        """Whether a key of an object left a column or table behind."""
        start = f"{key}{BETWEEN}"
        columns = self._tables[table.lower()].types
        below = f"{table.lower()}{BETWEEN}{key}"
        return any(name == key or name.startswith(start) for name in columns) or any(
            name == below or name.startswith(f"{below}{BETWEEN}") for name in self._tables
        )

    def object(self, table: str, alias: str) -> tuple[str, str]:
        """SQL of the object a row was, and of the joins that it needs."""
        joins: list[str] = []
        tree = self._columns(table, alias)
        for number, (child, path) in enumerate(self._children(table)):
            own = f"{alias}_{number}"
            joins.append(
                f"left join ({self._list(child, own)}) as {own}"
                f" on {own}.parent_id = {alias}._dlt_id"
            )
            tree.put(path, f"{own}.elements")
        return tree.sql(), " ".join(joins)

    def _columns(self, table: str, alias: str) -> _Tree:
        tree = _Tree()
        for name, physical in self._tables[table.lower()].types.items():
            if name.startswith("_dlt_"):
                continue
            path = name.split(BETWEEN)
            if len(path) > 1 and _VARIANT.match(path[-1]):
                path = path[:-1]
            tree.put(path, _json(f"{alias}.{quote(name)}", physical))
        return tree

    def _children(self, table: str) -> list[tuple[str, list[str]]]:
        """Tables of the lists in a row, each with its path."""
        start = f"{table.lower()}{BETWEEN}"
        below = [name for name in self._tables if name.startswith(start)]
        return [
            (name, name.removeprefix(start).split(BETWEEN))
            for name in below
            if not any(name.startswith(f"{other}{BETWEEN}") for other in below)
        ]

    def _list(self, table: str, alias: str) -> str:
        inner = f"{alias}_e"
        own = {name for name in self._tables[table].types if not name.startswith("_dlt_")}
        element, joins = self.object(table, inner)
        if own <= _SCALARS and not joins:
            element = f"to_json({inner}.{quote('value')})"
        return (
            f"select {inner}._dlt_parent_id as parent_id,"
            f" to_json(list({element} order by {inner}._dlt_list_idx)) as elements"
            f" from {self._place}.{quote(self._tables[table].name)} as {inner} {joins} group by 1"
        )


def _json(value: str, physical: str) -> str:
    """SQL of a value as an API writes it."""
    if physical.startswith("TIMESTAMP"):
        moment = f"timezone('UTC', {value})" if physical.endswith("ZONE") else value
        return f"to_json(strftime({moment}, '%Y-%m-%dT%H:%M:%S.%fZ'))"
    if physical == "DATE":
        return f"to_json(cast({value} as varchar))"
    return value if physical == "JSON" or is_nested(physical) else f"to_json({value})"
