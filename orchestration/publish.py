"""Publishing: what BI reads, written after the tests and switched at once.

Write, audit, publish: the tables are copied to files whose names are new, and kept by the disk;
then `manifest.json` is replaced at once. It decides what is published. The links are derived from
it, at the end of a publication and whenever somebody takes the home's lock. A reader that has the
old file open goes on with it; a crash half way leaves yesterday's files in force.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

import duckdb

from orchestration.database import quote, text, wait_until_free
from orchestration.described import DescribedTable, described_tables, parquet_metadata
from orchestration.memory import bound_memory
from orchestration.progress import current
from orchestration.published_folder import (
    DATABASE_LINK,
    DATABASES,
    FORMER_LINK,
    PARQUET,
    QUALITY_LINK,
    READ_ONLY,
    READABLE,
    REPORT_LINK,
    close_to_writers,
    move_in,
    open_to_readers,
    point_link,
    remove_leftovers,
    remove_old,
)
from orchestration.reference_tables import MakeReferenceTables, PublishedColumn, ReferenceTable
from orchestration.state import read_json, sha256_of, sync, write_json, write_text

# Every DuckDB client since 1.0 opens this format.
STORAGE_VERSION = "v1.0.0"
SCHEMA = "marts"
KEPT = 3
BATCH = 200
MANIFEST = "manifest.json"
# What dbt wrote on a table (no column) and its columns, by schema and table.
Comments = dict[tuple[str, str], list[tuple[str | None, str]]]


@dataclass(frozen=True)
class Relation:
    """A table to publish.

    Attributes:
        schema: Its schema in the warehouse.
        name: Its name, there and in the published file.
        grain: The columns that tell its rows apart; rows are written in their order.
    """

    schema: str
    name: str
    grain: tuple[str, ...] = ()


@dataclass(frozen=True)
class PublishedTable:
    """One table of the published file."""

    rows: int
    sha256: str


@dataclass(frozen=True)
class Quality:
    """The part `quality` of `manifest.json`: what the checks of a run found, held or not."""

    run_id: str
    as_of_date: str
    database: str
    database_sha256: str
    published_at: str


@dataclass(frozen=True)
class Publication:
    """What `manifest.json` says."""

    run_id: str
    as_of_date: str
    company: str
    database: str
    parquet: str
    published_at: str
    marts: dict[str, PublishedTable]
    versions: dict[str, str]
    policy: dict[str, Any] = field(default_factory=dict)
    # Empty in a publication of a version before they were written.
    definition_version: str = ""
    database_sha256: str = ""
    # Hash of each closed month, and of the one whose close was begun; none: a version before.
    closes: dict[str, str] | None = None
    closing: dict[str, str] = field(default_factory=dict)
    # The page for people; empty when it could not be made, or by a version that made none.
    report: str = ""
    # How far the data reach, by source.
    newest_business_days: dict[str, str] = field(default_factory=dict)
    quality: Quality | None = None


# From a published file, its manifest, and those of the publication before: the page.
WriteReport = Callable[[Path, Publication, tuple[Path, Publication] | None], str]


def publish(
    warehouse: Path,
    target: Path,
    relations: Sequence[Relation],
    *,
    run_id: str,
    as_of: str,
    company: str,
    versions: dict[str, str],
    policy: dict[str, Any],
    definition_version: str = "",
    closes: dict[str, str] | None = None,
    newest_business_days: dict[str, str] | None = None,
    write_report: WriteReport | None = None,
    make_reference_tables: MakeReferenceTables | None = None,
) -> Publication:
    """Write the tables to new files and make them the published ones.

    Args:
        warehouse: The warehouse the tables are in; it is only read.
        target: The folder of the published files.
        relations: The tables.
        run_id: The run, part of the files' names.
        as_of: The day the figures are for.
        company: Whose figures they are.
        versions: The versions of the tools that made them.
        policy: The metric policies in force.
        definition_version: The version of the metric definition.
        closes: The hash of each closed month.
        newest_business_days: How far the data reach, by source.
        write_report: What makes the page for people.
        make_reference_tables: From the columns, the tables that say what they mean.

    Returns:
        What was published.
    """
    _make_folders(target)
    parquet = target / PARQUET / run_id
    temporary_database = target / f".{run_id}_{DATABASE_LINK}.tmp"
    temporary_parquet = target / PARQUET / f".{run_id}.tmp"
    temporary_parquet.mkdir()
    with _both(warehouse, temporary_database) as connection:
        comments = _comments(connection)
        for relation in sorted(relations, key=lambda relation: relation.name):
            _copy_table(connection, relation, comments)
        if make_reference_tables:
            for table in make_reference_tables(_columns(connection)):
                _write_reference_table(connection, table)
        # Last, since what the files say of their columns is in one of the tables.
        tables = {
            said.name: _to_parquet(connection, said, temporary_parquet)
            for said in described_tables(connection, "published", SCHEMA).values()
        }
    for file in temporary_parquet.iterdir():
        sync(file)
        file.chmod(READ_ONLY)
    sync(temporary_parquet)
    open_to_readers(temporary_parquet)
    temporary_parquet.replace(parquet)
    sync(parquet.parent)
    database = move_in(temporary_database, target / DATABASES / run_id / DATABASE_LINK)
    publication = Publication(
        run_id=run_id,
        as_of_date=as_of,
        company=company,
        database=database.relative_to(target).as_posix(),
        parquet=f"{PARQUET}/{run_id}",
        published_at=datetime.now(UTC).isoformat(timespec="seconds"),
        marts=tables,
        versions=versions,
        policy=policy,
        definition_version=definition_version,
        database_sha256=sha256_of(database),
        closes=closes,
        newest_business_days=newest_business_days or {},
        quality=read_quality(target),
    )
    if write_report:
        publication = replace(publication, report=_report(target, publication, write_report))
    _write_manifest(target, publication)
    repair(target)
    _remove_old(target)
    return publication


def publish_quality(
    warehouse: Path, target: Path, relations: Sequence[Relation], *, run_id: str, as_of: str
) -> Quality:
    """Publish what the checks of a run found; all else that is published stays as it is.

    Args:
        warehouse: The warehouse the tables are in; it is only read.
        target: The folder of the published files.
        relations: The tables.
        run_id: The run, part of the file's name.
        as_of: The day of the run.
    """
    _make_folders(target)
    temporary = target / f".{run_id}_{QUALITY_LINK}.tmp"
    with _both(warehouse, temporary) as connection:
        comments = _comments(connection)
        for relation in relations:
            _copy_table(connection, relation, comments)
    database = move_in(temporary, target / DATABASES / run_id / QUALITY_LINK)
    quality = Quality(
        run_id=run_id,
        as_of_date=as_of,
        database=database.relative_to(target).as_posix(),
        database_sha256=sha256_of(database),
        published_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    publication = read_publication(target)
    if publication:
        _write_manifest(target, replace(publication, quality=quality))
    else:
        # Nothing else was ever published, and yet it can be seen why.
        write_json(target / MANIFEST, {"quality": asdict(quality)}, READABLE)
    repair(target)
    _remove_old(target)
    return quality


def _make_folders(target: Path) -> None:
    for folder in (target, target / DATABASES, target / PARQUET):
        if not folder.is_dir():
            folder.mkdir(parents=True)
            open_to_readers(folder)
    remove_leftovers(target)


def _report(target: Path, publication: Publication, write_report: WriteReport) -> str:
    """Write the page beside the tables; its name, or none if it failed: the figures go out."""
    before = read_publication(target)
    has_before = before is not None and (target / before.database).is_file()
    try:
        page = write_report(
            target / publication.database,
            publication,
            (target / before.database, before) if before and has_before else None,
        )
    except Exception as error:
        current().note(
            f"The report could not be made ({type(error).__name__}: {error}); the tables are"
            " published without it."
        )
        return ""
    name = f"report_{publication.run_id}.html"
    write_text(target / name, page, READ_ONLY)
    return name


def read_publication(target: Path) -> Publication | None:
    """Return what is published now, if anything is."""
    content = read_json(target / MANIFEST)
    if not content or content.keys() == {"quality"}:
        return None
    try:
        if content.get("quality"):
            content["quality"] = Quality(**content["quality"])
        marts = {name: PublishedTable(**table) for name, table in content.pop("marts").items()}
        return Publication(marts=marts, **content)
    except (AttributeError, KeyError, TypeError) as error:
        current().note(f"{target / MANIFEST} is not as it was written ({error}): not taken.")
        return None


def read_quality(target: Path) -> Quality | None:
    """Return what is published of the checks, if anything is."""
    told = read_json(target / MANIFEST).get("quality")
    try:
        return Quality(**told) if told else None
    except TypeError:
        # `read_publication` says so.
        return None


def note_closes(
    target: Path, *, closing: dict[str, str], closes: dict[str, str] | None = None
) -> None:
    """Note beside the published figures which months were closed, and which is being closed.

    The home's lock must be held. Where nothing is published there is nothing to note it by.
    """
    publication = read_publication(target)
    if publication:
        noted = publication.closes if closes is None else closes
        _write_manifest(target, replace(publication, closes=noted, closing=closing))


@contextmanager
def _both(warehouse: Path, database: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the warehouse for reading and the new file for writing."""
    with duckdb.connect() as connection:
        wait_until_free(warehouse, read_only=True)
        bound_memory(connection, spill=database.with_name(f"{database.name}_spill"))
        connection.execute(f"attach {text(warehouse)} as warehouse (read_only)")
        connection.execute(
            f"attach {text(database)} as published (storage_version '{STORAGE_VERSION}')"
        )
        # One transaction: a comment of its own for each column would each wait for the disk.
        connection.begin()
        connection.execute(f"create schema published.{SCHEMA}")
        yield connection
        connection.commit()
        connection.execute("checkpoint published")
        connection.execute("detach published")


def _to_parquet(
    connection: duckdb.DuckDBPyConnection, said: DescribedTable, folder: Path
) -> PublishedTable:
    """Write a table of the new file to Parquet as well, with what is said of it."""
    published = f"published.{SCHEMA}.{quote(said.name)}"
    file = folder / f"{said.name}.parquet"
    connection.execute(
        f"copy {published} to {text(file)} (format parquet, compression zstd,"
        f" kv_metadata {{{parquet_metadata(connection, published, said)}}})"
    )
    (rows,) = connection.execute(f"select count(*) from {published}").fetchone() or (0,)
    return PublishedTable(rows=rows, sha256=sha256_of(file))


def _copy_table(
    connection: duckdb.DuckDBPyConnection, relation: Relation, comments: Comments
) -> None:
    """Copy one table to the new file, in the order of its grain."""
    source = f"warehouse.{quote(relation.schema)}.{quote(relation.name)}"
    published = f"published.{SCHEMA}.{quote(relation.name)}"
    order = ", ".join(quote(column) for column in relation.grain) or "all"
    connection.execute(f"create table {published} as select * from {source} order by {order}")
    for column, comment in comments.get((relation.schema, relation.name), []):
        described = f"column {published}.{quote(column)}" if column else f"table {published}"
        connection.execute(f"comment on {described} is {text(comment)}")


def _columns(connection: duckdb.DuckDBPyConnection) -> list[PublishedColumn]:
    """Return the columns of the new file."""
    found = connection.execute(
        """
        select table_name, column_name, column_index, data_type, coalesce(comment, '')
        from duckdb_columns()
        where database_name = 'published' and schema_name = ?
        order by table_name, column_index
        """,
        [SCHEMA],
    ).fetchall()
    return [PublishedColumn(*row) for row in found]


def _write_reference_table(connection: duckdb.DuckDBPyConnection, table: ReferenceTable) -> None:
    """Write a table that says what the others mean."""
    published = f"published.{SCHEMA}.{quote(table.name)}"
    columns = ", ".join(f"{quote(column.name)} {column.data_type}" for column in table.columns)
    connection.execute(f"create table {published} ({columns})")
    row = f"({', '.join('?' for _ in table.columns)})"
    # Many rows at once: one by one each would be planned.
    for start in range(0, len(table.rows), BATCH):
        batch = table.rows[start : start + BATCH]
        values = ", ".join([row] * len(batch))
        connection.execute(f"insert into {published} values {values}", list(chain(*batch)))
    connection.execute(f"comment on table {published} is {text(table.description)}")
    for column in table.columns:
        described = f"{published}.{quote(column.name)}"
        connection.execute(f"comment on column {described} is {text(column.description)}")


def _comments(connection: duckdb.DuckDBPyConnection) -> Comments:
    """Return the descriptions that dbt wrote on the warehouse's tables and columns."""
    found = connection.execute(
        """
        select schema_name, table_name, null, comment
        from duckdb_tables()
        where database_name = 'warehouse' and comment is not null
        union all
        select schema_name, view_name, null, comment
        from duckdb_views()
        where database_name = 'warehouse' and comment is not null
        union all
        select schema_name, table_name, column_name, comment
        from duckdb_columns()
        where database_name = 'warehouse' and comment is not null
        """
    ).fetchall()
    comments: Comments = {}
    for schema, table, column, comment in found:
        comments.setdefault((schema, table), []).append((column, comment))
    return comments


def _write_manifest(target: Path, publication: Publication) -> None:
    write_json(target / MANIFEST, asdict(publication), READABLE)


def repair(target: Path) -> None:
    """Make everything beside the manifest what the manifest says, as after a run that was killed.

    The home's lock must be held.
    """
    remove_leftovers(target)
    close_to_writers(target)
    for name, file in links(target).items():
        if file and (target / file).is_file():
            point_link(target / name, target / file)
        elif name == REPORT_LINK:
            # Yesterday's page beside today's figures would be taken for today's.
            (target / name).unlink(missing_ok=True)


def links(target: Path) -> dict[str, str]:
    """Return which file each link names by the manifest; an empty name: there is to be no link."""
    quality, publication = read_quality(target), read_publication(target)
    found = {QUALITY_LINK: quality.database} if quality else {}
    if publication:
        found |= dict.fromkeys((DATABASE_LINK, FORMER_LINK), publication.database)
        found[REPORT_LINK] = publication.report
    return found


def _remove_old(target: Path) -> None:
    publication, quality = read_publication(target), read_quality(target)
    used = [quality.database] if quality else []
    if publication:
        used += [publication.database, publication.parquet, publication.report]
    remove_old(target, {target / name for name in used}, keep=KEPT)
