"""What published tables say of themselves: read from the dictionary beside them.

`data_dictionary` has each column's unit, what null means, key and references. A file of a version
before it has only the comments of dbt. Whoever writes the tables elsewhere takes the words from
here, so that a Parquet file and a server say the same.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import duckdb
import pyarrow as pa

from orchestration.database import quote, text
from orchestration.references import Reference

DICTIONARY = "data_dictionary"
# Under this name a Parquet file keeps the schema of Arrow, with what is said of each field.
ARROW_SCHEMA = "ARROW:schema"


@dataclass(frozen=True)
class DescribedColumn:
    """What is said of a column.

    Attributes:
        name: Its name.
        data_type: Its type in DuckDB.
        description: What it is.
        unit: What a value counts or measures; empty for texts.
        null_meaning: What it means that there is no value; empty where nothing is said of it.
        reference: What it refers to, if it does.
    """

    name: str
    data_type: str
    description: str = ""
    unit: str = ""
    null_meaning: str = ""
    reference: Reference | None = None

    @property
    def comment(self) -> str:
        """All of it in one text; what null means is mostly a part of the description."""
        unit = f"Unit: {self.unit}." if self.unit else ""
        null = self.null_meaning if self.null_meaning not in self.description else ""
        return " ".join(part for part in (self.description, unit, null) if part)

    @property
    def metadata(self) -> dict[str, str]:
        """The same part by part, without what is not said."""
        other = self.reference
        parts = {
            "description": self.description,
            "unit": self.unit,
            "null_meaning": self.null_meaning,
            "reference": f"{other.table}.{other.column}" if other else "",
            "reference_with": ", ".join(other.also) if other else "",
        }
        return {name: part for name, part in parts.items() if part}


@dataclass(frozen=True)
class DescribedTable:
    """What is said of a table.

    Attributes:
        name: Its name.
        description: What it is.
        grain: What one row of it is.
        key: The columns that tell its rows apart.
        columns: Its columns, in their order.
    """

    name: str
    description: str = ""
    grain: str = ""
    key: tuple[str, ...] = ()
    columns: tuple[DescribedColumn, ...] = field(default=())

    @property
    def comment(self) -> str:
        """All of it in one text."""
        description = self.description.strip()
        if not self.grain or self.grain.rstrip(".").casefold() in description.casefold():
            return description
        return f"{description} Grain: {self.grain}".strip()


def described_tables(
    connection: duckdb.DuckDBPyConnection, database: str, schema: str
) -> dict[str, DescribedTable]:
    """Return what is said of the tables of a schema, by their names.

    Args:
        connection: Where the database is open, or attached.
        database: Its name there.
        schema: The schema.
    """
    found = connection.execute(
        "select table_name, coalesce(comment, '') from duckdb_tables()"
        " where database_name = ? and schema_name = ? order by table_name",
        [database, schema],
    ).fetchall()
    tables = {name: DescribedTable(name, comment) for name, comment in found}
    columns: dict[str, list[DescribedColumn]] = {name: [] for name in tables}
    for table, *column in connection.execute(
        "select table_name, column_name, data_type, coalesce(comment, '') from duckdb_columns()"
        " where database_name = ? and schema_name = ? order by table_name, column_index",
        [database, schema],
    ).fetchall():
        if table in columns:
            columns[table].append(DescribedColumn(*column))
    told = (
        _dictionary(
            connection,
            f"{quote(database)}.{quote(schema)}",
            {column.name for column in columns[DICTIONARY]},
        )
        if (DICTIONARY in tables)
        else {}
    )
    return {
        name: _with_dictionary(replace(table, columns=tuple(columns[name])), told)
        for name, table in tables.items()
    }


Told = Mapping[tuple[str, str], tuple[str, ...]]


def _dictionary(connection: duckdb.DuckDBPyConnection, schema: str, has: set[str]) -> Told:
    # A version before it wrote no such column.
    also = "coalesce(reference_with, '')" if "reference_with" in has else "''"
    rows = connection.execute(
        "select table_name, column_name, coalesce(description, ''), coalesce(unit, ''),"
        f" coalesce(null_meaning, ''), coalesce(reference, ''), {also}, coalesce(is_key, false),"
        f" coalesce(table_grain, ''), coalesce(table_description, '') from {schema}.{DICTIONARY}"
    ).fetchall()
    return {(table, column): tuple(rest) for table, column, *rest in rows}


def _with_dictionary(table: DescribedTable, told: Told) -> DescribedTable:
    """The table with what the dictionary adds to its comments."""
    columns, key, grain, about = [], [], "", ""
    for column in table.columns:
        if (table.name, column.name) not in told:
            columns.append(column)
            continue
        description, unit, null, reference, also, is_key, grain, about = told[
            table.name, column.name
        ]
        columns.append(
            replace(
                column,
                description=description or column.description,
                unit=unit,
                null_meaning=null,
                reference=_reference(reference, also),
            )
        )
        key += [column.name] if is_key else []
    return replace(
        table,
        description=table.description or about,
        grain=grain,
        key=tuple(key),
        columns=tuple(columns),
    )


def _reference(reference: str, also: str) -> Reference | None:
    """What the dictionary says that a column refers to."""
    other, _, column = reference.partition(".")
    return Reference(other, column, tuple(also.split(", ")) if also else ()) if column else None


def parquet_metadata(
    connection: duckdb.DuckDBPyConnection, table: str, said: DescribedTable
) -> str:
    """Return what `copy … to` is to write into a Parquet file of what is said of its table.

    Readers by Arrow (pyarrow, pandas, Polars, R) find it at the fields of the schema, others in the
    file's own key-value metadata: `description`, `grain`, and `columns` as JSON.

    Args:
        connection: Where the table is.
        table: Its name in SQL.
        said: What is said of it.
    """
    columns = {column.name: column.metadata for column in said.columns}
    about = {"description": said.description, "grain": said.grain, "key": ", ".join(said.key)}
    about = {name: told for name, told in about.items() if told}
    schema = connection.execute(f"from {table} limit 0").to_arrow_table().schema
    fields = [each.with_metadata(columns.get(each.name) or None) for each in schema]
    arrow = pa.schema(fields, metadata=about or None).serialize().to_pybytes()
    pairs = {
        **about,
        "columns": json.dumps(columns, ensure_ascii=False),
        ARROW_SCHEMA: base64.b64encode(arrow).decode(),
    }
    return ", ".join(f"{text(name)}: {text(told)}" for name, told in pairs.items())
