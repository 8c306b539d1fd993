"""What a loader lands of a vendor, and how it becomes the vendor's raw tables.

The YAML files of ``orchestration/adapters/<loader>/<vendor>.yml``. A file has

- ``relations``: what the loader lands. ``columns`` with their types, a trailing ``!`` where the
  column must be there; ``names`` other names a relation may have; ``key`` and ``newest`` (columns,
  the greatest first) where it may hold several rows of an object; ``required`` where what reads it
  cannot do without; ``without``: a warning for when it is absent, and ``unless`` a column of
  another relation that says the same.
  ``nested`` where the loader flattened it; ``raw`` where it may be there as JSON alone.
- ``limits``: a warning for the rows of a relation where a column (or a key in it, a.b) is true.
- ``objects``: SQL over relations, by name, for what several tables share or what was flattened.
- ``tables``: by raw table what it is read ``from`` (relations and objects, joined), ``where``, and
  ``columns``: SQL by raw column. A raw column that is not listed is the landed one of its name.
- ``like``: a loader whose objects and tables hold here, too, but for the keys that stand here.

A loader named ``api`` is a connector of this project: its relations are the folders of objects that
it fetched. ``inside`` says, by the start of columns' names, in which key of an object they are.
``mapping`` says, as a ``mapping.yml`` does, what becomes of files that only ever grow: each is read
once, where relations are read whole at each load.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import sqlglot
import yaml
from sqlglot import exp

from orchestration.loads.model import LoadError
from orchestration.settings_file import suggestion

ADAPTER_FOLDER = Path(__file__).resolve().parent.parent / "adapters"


@dataclass(frozen=True)
class LandedColumn:
    """A column as a loader lands it.

    Attributes:
        name: Its name in the SQL of the adapter.
        type: What the SQL takes it for: text, json, bigint, decimal, boolean, timestamp.
        required: Whether it must be there.
        also: Names it has in other versions of the loader.
        gathered: Start of the names of the columns it was spread over, where it is an object.
    """

    name: str
    type: str
    required: bool = False
    also: tuple[str, ...] = ()
    gathered: str | None = None


@dataclass(frozen=True)
class Relation:
    """A table or view as a loader lands it.

    Attributes:
        name: Its name in the SQL of the adapter.
        columns: Its columns by name, as far as they are read.
        names: All names it may have.
        key: Columns that name an object of which it may hold several rows.
        newest: Columns that tell the newest of them, the greatest first.
        required: Whether the raw tables that read it cannot do without.
        without: What is not known where it is absent, in words.
        unless: Relation and column that say the same.
        nested: Whether it was flattened; then the SQL has each row as ``_whole``.
        inside: Key of the object that holds the columns whose names begin so, by that beginning.
    """

    name: str
    columns: dict[str, LandedColumn]
    names: tuple[str, ...]
    key: tuple[str, ...] = ()
    newest: tuple[str, ...] = ()
    required: bool = False
    without: str | None = None
    nested: bool = False
    unless: tuple[str, str] | None = None
    inside: tuple[tuple[str, str], ...] = ()

    def has(self, column: str) -> bool:
        """Whether a column is in a key that the adapter names."""
        return any(column.startswith(start) for start, _ in self.inside)

    def path(self, column: str) -> str:
        """Where a column is in an object, as a JSON path."""
        for start, key in self.inside:
            if column.startswith(start):
                return f'$.{key}."{column.removeprefix(start)}"'
        return f"$.{column.lower()}"


@dataclass(frozen=True)
class AdaptedTable:
    """How a raw table is made.

    Attributes:
        name: The raw table.
        source: SQL after ``from``; the first name is what its columns are taken from.
        columns: SQL by raw column.
        where: SQL condition of the rows that belong to it.
        needs: Relations without which it was not delivered.
        needs_one_of: Relations of which one is enough.
        required: Whether a vendor without it is of no use.
        gives: What depends on it, in words.
        nested: Whether columns that are not listed are keys of ``_whole`` in the first name.
    """

    name: str
    source: str
    columns: dict[str, str]
    where: str | None
    needs: tuple[str, ...]
    required: bool
    gives: str
    nested: bool = False
    needs_one_of: tuple[str, ...] = ()

    @property
    def main(self) -> str:
        """The relation or object that its columns are taken from."""
        return names_in(f"select 1 from {self.source}")[0]


@dataclass(frozen=True)
class Limit:
    """Something a loader may leave out, as a column of a relation, or a key in it (a.b), tells."""

    relation: str
    column: str
    says: str


@dataclass(frozen=True)
class Adapter:
    """One loader's way to land one vendor.

    Attributes:
        loader: The loader.
        vendor: The vendor.
        source: Whose raw tables it fills: the vendor's own, or those of `files`.
        relations: What it reads, by name.
        objects: Queries over them, by name.
        tables: The raw tables it fills, by name.
        limits: What may be left out of them.
        mapping: Entries of a mapping by the raw table that they fill.
    """

    loader: str
    vendor: str
    source: str
    relations: dict[str, Relation]
    objects: dict[str, str]
    tables: dict[str, AdaptedTable] = field(default_factory=dict)
    limits: tuple[Limit, ...] = ()
    mapping: dict[str, Any] = field(default_factory=dict)

    @property
    def filled(self) -> list[str]:
        """Names of all raw tables it fills."""
        return [*self.tables, *self.mapping]

    def reads(self, sql: str) -> tuple[list[str], list[str]]:
        """Relations and objects that a query stands on; an object comes after what it reads."""
        relations: list[str] = []
        objects: list[str] = []
        for name in names_in(sql):
            if name in self.relations:
                relations.append(name)
            elif name in self.objects:
                below, above = self.reads(self.objects[name])
                relations += below
                objects += [*above, name]
        return list(dict.fromkeys(relations)), list(dict.fromkeys(objects))

    def readers(self, relation: str) -> list[str]:
        """Raw tables that stand on a relation."""
        return [
            table.name
            for table in self.tables.values()
            if relation in self.reads(f"select 1 from {table.source}")[0]
        ]


@cache
def names_in(sql: str) -> list[str]:
    """Names of what a query reads, in their order, without the names it gives itself."""
    tree = sqlglot.parse_one(sql, read="duckdb")
    own = {cte.alias for cte in tree.find_all(exp.CTE)}
    found = [table.name for table in tree.find_all(exp.Table, bfs=False) if table.name]
    first = tree.find(exp.From)
    if first is not None and isinstance(first.this, exp.Table):
        found = [first.this.name, *found]
    return list(dict.fromkeys(name for name in found if name not in own))


def adapter_names() -> dict[str, list[str]]:
    """Vendors by loader, of all adapters there are."""
    return {
        folder.name: sorted(path.stem for path in folder.glob("*.yml"))
        for folder in sorted(ADAPTER_FOLDER.iterdir())
        if folder.is_dir()
    }


def filled_tables(vendor: str) -> dict[str, set[str]]:
    """The raw tables that a vendor's adapters fill, by the source whose tables they are."""
    found: dict[str, set[str]] = {}
    for loader, vendors in adapter_names().items():
        if vendor in vendors:
            adapter = read_adapter(loader, vendor)
            found.setdefault(adapter.source, set()).update(adapter.filled)
    return found


@cache
def read_adapter(loader: str, vendor: str) -> Adapter:
    """The adapter of a loader and vendor.

    Raises:
        LoadError: There is none.
    """
    known = adapter_names()
    if loader not in known:
        raise LoadError(f"there is no loader '{loader}'{suggestion(loader, known)}")
    if vendor not in known[loader]:
        raise LoadError(
            f"what {loader} lands of {vendor} is not read{suggestion(vendor, known[loader])}. Bring"
            " exported files instead, or write"
            f" orchestration/adapters/{loader}/{vendor}.yml (docs/connect)"
        )
    raw = _content(loader, vendor)
    return Adapter(
        loader,
        vendor,
        raw.get("source", vendor),
        {name: _relation(name, body) for name, body in raw.get("relations", {}).items()},
        raw.get("objects", {}),
        {
            name: _table(name, body, raw["relations"])
            for name, body in raw.get("tables", {}).items()
        },
        tuple(Limit(**limit) for limit in raw.get("limits", ())),
        raw.get("mapping", {}),
    )


def _content(loader: str, vendor: str) -> dict[str, Any]:
    """What an adapter's file says, with what it takes over from another one."""
    path = ADAPTER_FOLDER / loader / f"{vendor}.yml"
    raw: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    if "like" not in raw:
        return raw
    other = _content(raw["like"], vendor)
    tables = dict(other["tables"])
    for name, said in raw.get("tables", {}).items():
        theirs = tables.get(name, {})
        columns = {**theirs.get("columns", {}), **said.get("columns", {})}
        tables[name] = {**theirs, **said, "columns": columns}
    return {
        **raw,
        "source": other.get("source", vendor),
        "objects": {**other.get("objects", {}), **raw.get("objects", {})},
        "tables": tables,
    }


def _relation(name: str, body: dict[str, Any]) -> Relation:
    names = (name, *body.get("names", ()))
    if body.get("raw"):
        names += tuple(f"_airbyte_raw_{each.lower()}" for each in names)
    return Relation(
        name,
        {column: _column(column, said) for column, said in body.get("columns", {}).items()},
        names,
        tuple(body.get("key", ())),
        tuple(body.get("newest", ())),
        bool(body.get("required", False)),
        body.get("without"),
        bool(body.get("nested", False)),
        tuple(body["unless"].split(".")) if "unless" in body else None,
        tuple(body.get("inside", {}).items()),
    )


def _column(name: str, said: str | dict[str, Any]) -> LandedColumn:
    body = {"type": said} if isinstance(said, str) else said
    kind = body["type"]
    return LandedColumn(
        name,
        kind.rstrip("!"),
        kind.endswith("!"),
        tuple(body.get("also", ())),
        body.get("gathered"),
    )


def _table(name: str, body: dict[str, Any], relations: dict[str, Any]) -> AdaptedTable:
    main = names_in(f"select 1 from {body['from']}")[0]
    return AdaptedTable(
        name,
        body["from"],
        {column: str(sql) for column, sql in body.get("columns", {}).items()},
        body.get("where"),
        tuple(body.get("needs", [main] if main in relations else [])),
        bool(body.get("required", False)),
        body.get("gives", ""),
        bool(body.get("nested", False)),
        tuple(body.get("needs_one_of", ())),
    )
