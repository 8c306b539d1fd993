"""What goes to a target: the file that the manifest names, never the warehouse."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.database import text, wait_until_free
from orchestration.described import DescribedTable, described_tables
from orchestration.errors import FAILED, HELD, MACHINE, ExplainedError
from orchestration.home import Home
from orchestration.memory import bound_memory
from orchestration.publish import SCHEMA, Publication, read_publication
from orchestration.state import sha256_of

ALIAS = "published"
# Where the tables go if nobody says: in a database that is not ours alone, a name that tells.
DEFAULT_SCHEMA = "customer_success"
# What a target keeps of us: which publication it holds, and which tables of it are ours.
PUBLICATION_TABLE, TABLES_TABLE = "csw_publication", "csw_published_tables"
OURS = {
    PUBLICATION_TABLE: (
        "Which publication the tables of this schema hold; one row.",
        {
            "run_id": "text",
            "as_of_date": "date",
            "company": "text",
            "published_at": "timestamp with time zone",
            "loaded_at": "timestamp with time zone",
            "definition_version": "text",
            "database_sha256": "text",
        },
    ),
    TABLES_TABLE: (
        "The tables of this schema that `csw publish` made and replaces; all others it leaves.",
        {"table_name": "text", "row_count": "bigint"},
    ),
}


class TargetError(ExplainedError):
    """A target cannot be filled; the text says why and what to do."""

    exit_code = FAILED


class TargetMachineError(TargetError):
    """A server, its rights or a disk is in the way."""

    exit_code = MACHINE


class TargetBusyError(TargetError):
    """Somebody else is at work there."""

    exit_code = HELD


@dataclass(frozen=True)
class Source:
    """The publication that is copied.

    Attributes:
        folder: Where the home keeps what is published.
        publication: What its manifest says.
        connection: A connection without a file of its own, with the published file attached.
        tables: What the tables say of themselves, by their names.
    """

    folder: Path
    publication: Publication
    connection: duckdb.DuckDBPyConnection
    tables: dict[str, DescribedTable]

    @property
    def rows(self) -> int:
        """The rows of all tables."""
        return sum(table.rows for table in self.publication.marts.values())


@dataclass(frozen=True)
class Outcome:
    """What a target holds now.

    Attributes:
        where: The target in words, without a secret.
        was_there: Nothing had to be copied.
    """

    where: str
    was_there: bool = False


@dataclass(frozen=True)
class Held:
    """What a target says that it holds of us."""

    run_id: str
    company: str
    database_sha256: str
    tables: frozenset[str]


@contextmanager
def opened_source(home: Home) -> Iterator[Source]:
    """Open what is published now; a refresh may go on meanwhile.

    Raises:
        TargetError: Nothing is published, or the file is not as it was written.
    """
    publication = read_publication(home.published)
    if publication is None:
        raise TargetError(f"Nothing is published in {home.path} yet: run `csw refresh`.")
    database = home.published / publication.database
    if not database.is_file():
        raise TargetError(f"{database}, which the manifest names, is not there: `csw doctor`.")
    if publication.database_sha256 not in ("", sha256_of(database)):
        raise TargetError(
            f"{database} is not as it was published: its hash is another than the manifest's, so "
            "it goes nowhere. `csw refresh` publishes anew."
        )
    wait_until_free(database, read_only=True)
    with duckdb.connect() as connection:
        bound_memory(connection)
        # A time with its zone is the same moment wherever this machine stands.
        connection.execute("set timezone = 'UTC'")
        connection.execute(f"attach {text(database)} as {ALIAS} (read_only)")
        tables = described_tables(connection, ALIAS, SCHEMA)
        yield Source(home.published, publication, connection, tables)


def is_there(source: Source, held: Held | None, there: set[str]) -> bool:
    """Whether a target holds this very publication, with all of its tables."""
    publication = source.publication
    return (
        held is not None
        and (held.run_id, held.database_sha256) == (publication.run_id, publication.database_sha256)
        and held.tables <= there
    )


def refuse_others(
    source: Source, held: Held | None, there: set[str], wanted: set[str], schema: str
) -> None:
    """See that nothing of somebody else would be replaced.

    Args:
        source: What is to be copied.
        held: What the target says that it holds of us.
        there: The names of all tables and views of the schema.
        wanted: The names that are to be written.
        schema: The schema.

    Raises:
        TargetError: It holds another company, or has tables of these names that are not ours.
    """
    if held and held.company != source.publication.company:
        raise TargetError(
            f"The schema {schema} holds the tables of {held.company}, not of "
            f"{source.publication.company}: give another by --schema. If the company was renamed, "
            f"correct the name in {schema}.{PUBLICATION_TABLE} first."
        )
    ours = held.tables | set(OURS) if held else frozenset()
    if foreign := sorted((wanted | set(OURS)) & there - ours):
        raise TargetError(
            f"The schema {schema} has tables or views of these names that `csw publish` did not "
            f"make: {', '.join(foreign)}. They were not touched, and nothing was copied. Give "
            "another schema by --schema, or rename them."
        )


def publication_values(source: Source, loaded_at: str) -> str:
    """Return the row of SQL values that says in a target which publication it holds."""
    told = source.publication
    about = (
        told.run_id,
        told.as_of_date,
        told.company,
        told.published_at,
        loaded_at,
        told.definition_version,
        told.database_sha256,
    )
    return f"({', '.join(text(value) for value in about)})"
