"""A landed relation as it is, and its values in the types an adapter takes them for."""

from __future__ import annotations

import re
from dataclasses import dataclass

from orchestration.database import quote, text
from orchestration.loads.adapters import LandedColumn, Relation
from orchestration.loads.casts import as_text
from orchestration.loads.landed import OBJECT
from orchestration.loads.landed_nesting import BETWEEN, Nesting

_TYPES = {"text": "VARCHAR", "json": "JSON", "decimal": "DECIMAL(38, 12)"}
_WHOLE = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?$")


MACROS = (
    # Unix seconds of a time.
    "create or replace macro unix(moment) as cast(floor(epoch(moment)) as bigint)",
    # A JSON object without the keys that have no value.
    "create or replace macro said(object) as json_merge_patch('{}', object)",
    # The same; null where nothing is left.
    "create or replace macro kept(object) as"
    " cast(nullif(cast(json_merge_patch('{}', object) as varchar), '{}') as json)",
    # An object with its keys in lower case, as columns are named.
    "create or replace macro lowered(object) as to_json(map_from_entries(list_transform("
    "map_entries(cast(cast(object as json) as map(varchar, json))),"
    " lambda entry: {'key': lower(entry.key), 'value': entry.value})))",
)

# Where Airbyte puts an object that it does not type, and where a connector's objects are.
RAW = ("_airbyte_data", OBJECT)


@dataclass(frozen=True)
class LandedRelation:
    """A relation as it is in the database.

    Attributes:
        relation: What the adapter says of it.
        name: Its name there; None where it is absent.
        types: Physical type by column name as written.
        nesting: The tables it was flattened into, where it was.
    """

    relation: Relation
    name: str | None
    types: dict[str, str]
    nesting: Nesting | None = None

    @property
    def raw(self) -> str | None:
        """The column that holds each object as JSON; none where each key is a column."""
        return next((name for name in RAW if name in self.types), None)

    def there(self, column: str) -> str | None:
        """A column by any way to write its name; None where it is absent."""
        wanted = column.lower()
        return next((name for name in self.types if name.lower() == wanted), None)

    def sources(self, column: LandedColumn) -> list[str]:
        """The columns of the database that a column is taken from."""
        found = [self.there(name) for name in (column.name, *column.also)]
        return list(dict.fromkeys(name for name in found if name is not None))

    def gathered(self, column: LandedColumn) -> list[str]:
        """The columns that an object was spread over."""
        if column.gathered is None:
            return []
        start = column.gathered.lower()
        return [name for name in self.types if name.lower().startswith(start)]

    def told(self, path: str) -> str | None:
        """SQL of a key in an object: of a column a__b, or of a in which the object is JSON."""
        keys = path.split(".")
        for length in range(len(keys), 0, -1):
            if column := self.there(BETWEEN.join(keys[:length])):
                rest = ".".join(["$", *keys[length:]])
                return quote(column) if rest == "$" else f"{quote(column)} ->> {text(rest)}"
        return None

    def has(self, name: str) -> bool:
        """Whether a column of the adapter, or one the adapter does not know, is there."""
        if self.raw == OBJECT:
            return name in self.relation.columns
        if self.raw:
            return True
        if self.nesting and self.name and self.nesting.has(self.name, name):
            return True
        column = self.relation.columns.get(name)
        if column is None:
            return self.there(name) is not None
        return bool(self.sources(column) or self.gathered(column))


def sql_type(column: LandedColumn) -> str:
    """The DuckDB type that an adapter takes a column for."""
    return _TYPES.get(column.type, column.type.upper())


def as_type(value: str, physical: str, column: LandedColumn) -> str:
    """A landed value in the adapter's type; one that does not fit is an error, never a null."""
    wanted = sql_type(column)
    if physical == wanted:
        return value
    if column.type in ("text", "json"):
        written = as_text(value, physical)
        return written if column.type == "text" else f"cast({written} as json)"
    content = f"nullif(trim({value}), '')" if physical == "VARCHAR" else value
    if column.type == "timestamp":
        return _as_timestamp(value, content, physical)
    if column.type == "bigint" and not _WHOLE.match(physical) and physical != "BOOLEAN":
        number = f"cast({content} as decimal(38, 6))"
        return (
            f"case when {number} = trunc({number}) then cast({number} as bigint)"
            f" when {value} is not null"
            f" then error({text(column.name + ' holds a number that is not whole')}) end"
        )
    return f"cast({content} as {wanted})"


def _as_timestamp(value: str, content: str, physical: str) -> str:
    """A time in UTC, of whatever the loader makes of one; a whole number is Unix seconds."""
    if _WHOLE.match(physical):
        return f"make_timestamp(cast({value} as bigint) * 1000000)"
    if physical == "TIMESTAMP WITH TIME ZONE":
        return f"timezone('UTC', {value})"
    if physical == "VARCHAR":
        # Nine to eleven digits are Unix seconds, as a JSON number is.
        return (
            f"case when regexp_full_match({content}, '\\d{{9,11}}')"
            f" then make_timestamp(try_cast({content} as bigint) * 1000000)"
            f" else timezone('UTC', cast({content} as timestamptz)) end"
        )
    return f"cast({value} as timestamp)"
