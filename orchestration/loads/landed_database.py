"""Opening a database that another loader fills: attached read-only, for as long as it is read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.database import PASSING, quote, text
from orchestration.loads.landed import API, Landed
from orchestration.loads.landed_folder import attach_folder
from orchestration.loads.model import LoadError
from orchestration.loads.spec import SourceSpec, source_names, source_spec
from orchestration.loads.warehouse import OWN_TABLES
from orchestration.project import dbt_schemas

ALIAS = "landed"
# What is in the warehouse beside the raw tables of the sources and what dbt makes of them.
KEPT_SCHEMAS = ("raw_loads", "ledger")


@dataclass(frozen=True)
class LandedTable:
    """A table or view: its name as it is written, and physical types by column name."""

    name: str
    types: dict[str, str]


@dataclass(frozen=True)
class LandedSchema:
    """What is in a landed schema.

    Attributes:
        place: The schema as SQL names it while the database is attached.
        tables: Tables and views by lower-case name.
    """

    place: str
    tables: dict[str, LandedTable]


@contextmanager
def attached(connection: duckdb.DuckDBPyConnection, landed: Landed) -> Iterator[LandedSchema]:
    """Attach a landed database read-only.

    Raises:
        LoadError: It is not there, cannot be opened, or has no such schema.
    """
    file = landed.file
    if file is not None and not file.is_file():
        raise LoadError(
            f"the database {landed.shown}, which {landed.loader} fills, does not exist; check the"
            " path"
        )
    try:
        catalog = _attach(connection, landed)
    except duckdb.Error as problem:
        raise _unopened(landed, problem) from None
    try:
        try:
            schema = _schema(connection, catalog, landed)
        except duckdb.Error as problem:
            raise _unopened(landed, problem) from None
        yield schema
    finally:
        connection.execute(f"detach {quote(catalog)}")


def _attach(connection: duckdb.DuckDBPyConnection, landed: Landed) -> str:
    """Attach it and return the name it has then."""
    if landed.loader == API:
        attach_folder(connection, ALIAS, landed)
        return ALIAS
    if landed.postgres is not None:
        _extension(connection, "postgres")
        place = text(landed.postgres)
        connection.execute(f"attach {place} as {ALIAS} (type postgres, read_only)")
        return ALIAS
    if landed.motherduck is not None:
        # MotherDuck gives a database no other name than its own.
        _extension(connection, "motherduck")
        connection.execute(f"attach {text(landed.database)}")
        return landed.motherduck
    connection.execute(f"attach {text(landed.database)} as {ALIAS} (read_only)")
    return ALIAS


def _unopened(landed: Landed, problem: duckdb.Error) -> LoadError:
    """The error as it may be shown; the one of DuckDB may hold a password, so it is no cause."""
    said = landed.redacted(str(problem)).strip().splitlines()[0]
    remedy = "Check the connection and the rights of the user"
    if landed.file is not None:
        remedy = "If a program is writing to it, load again once that is done"
    error = LoadError(
        f"{landed.shown}, which {landed.loader} fills, cannot be opened ({said}). {remedy}"
    )
    error.may_pass = PASSING.search(said) is not None
    return error


def _extension(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    try:
        connection.execute(f"install {name}")
        connection.execute(f"load {name}")
    except duckdb.Error as problem:
        raise LoadError(
            f"DuckDB's extension '{name}' is needed to read this database and cannot be installed"
            " here (it is fetched from extensions.duckdb.org once). Allow that, install it on this"
            f" machine by hand (INSTALL {name}), or copy the landed schema to a DuckDB file"
        ) from problem


def _schema(connection: duckdb.DuckDBPyConnection, catalog: str, landed: Landed) -> LandedSchema:
    found = connection.execute(
        "select schema_name, table_name, column_name, data_type from duckdb_columns()"
        " where database_name = ? order by column_index",
        [catalog],
    ).fetchall()
    schemas = sorted({row[0] for row in found})
    written = next((each for each in schemas if each.lower() == landed.schema.lower()), None)
    if written is None:
        there = ", ".join(schemas) or "nothing"
        raise LoadError(
            f"{landed.shown} has no tables in a schema '{landed.schema}'; there is: {there}. Say"
            f" the one that {landed.loader} fills"
        )
    tables: dict[str, LandedTable] = {}
    for schema, name, column, physical in found:
        if schema == written:
            table = tables.setdefault(name.lower(), LandedTable(name, {}))
            table.types[column] = physical
    return LandedSchema(f"{quote(catalog)}.{quote(written)}", tables)


def own_schemas() -> set[str]:
    """The schemas of the warehouse that this project writes."""
    raw = {source_spec(name).dataset for name in source_names()}
    return {*raw, *KEPT_SCHEMAS, *dbt_schemas()}


def refuse_own_schema(landed: Landed, system: str, warehouse: Path) -> None:
    """See that what is read is not what is written.

    Raises:
        LoadError: The landed schema is one of the warehouse's own.
    """
    file = landed.file
    if file is None or file.resolve() != warehouse.resolve():
        return
    if landed.schema.lower() in own_schemas():
        raise LoadError(
            f"{landed.loader} may not land in the schema '{landed.schema}' of {warehouse.name}:"
            f" this project writes its own tables there. Let it land in another schema, such as"
            f" '{system}', or in a database of its own"
        )


def refuse_foreign_tables(connection: duckdb.DuckDBPyConnection, spec: SourceSpec) -> None:
    """See that the raw schema holds nothing of another loader before anything is written to it.

    Raises:
        LoadError: There are tables that this loader did not make.
    """
    foreign = [
        row[0]
        for row in connection.execute(
            "select table_name from duckdb_columns() where schema_name = ?"
            " and database_name = current_database() group by table_name"
            " having not bool_or(column_name = '_source_file') order by table_name",
            [spec.dataset],
        ).fetchall()
        if row[0] not in OWN_TABLES and not row[0].startswith("_dlt_")
    ]
    if foreign:
        raise LoadError(
            f"the schema {spec.dataset} of the warehouse has tables of another loader"
            f" ({', '.join(foreign[:5])}{', …' if len(foreign) > 5 else ''}); this project keeps"
            " its own raw tables there, so nothing was written. Let that loader land in another"
            f" schema, such as '{spec.name}', or in a database of its own, and drop the schema"
            f" {spec.dataset} once it has"
        )
