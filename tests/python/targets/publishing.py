"""Small publications, made by the project's own publishing, and a real Postgres."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pytest

from orchestration.dictionary import COLUMNS, TABLE
from orchestration.home import Home
from orchestration.publish import Relation, publish
from orchestration.reference_tables import PublishedColumn, ReferenceTable

# Where Debian has them, of no version on the PATH.
DEBIAN = Path("/usr/lib/postgresql")
SECRET = "s3cr:et/%@"


@dataclass(frozen=True)
class Made:
    """A table of a small publication.

    Attributes:
        sql: The query that gives its rows.
        key: The columns of its key.
        references: By column: table and column, as the dictionary writes them.
        also: By column: what belongs to the join beside it.
    """

    sql: str
    key: tuple[str, ...] = ()
    references: Mapping[str, str] = field(default_factory=dict)
    also: Mapping[str, str] = field(default_factory=dict)


def make_publication(
    home: Home, run_id: str, tables: Mapping[str, Made], company: str = "Acme"
) -> None:
    """Publish tables in a home, with a dictionary of them."""
    home.path.mkdir(exist_ok=True)
    home.warehouse.unlink(missing_ok=True)
    with duckdb.connect(home.warehouse) as connection:
        connection.execute("create schema marts")
        for name, made in tables.items():
            connection.execute(f'create table marts."{name}" as {made.sql}')
    publish(
        home.warehouse,
        home.published,
        [Relation("marts", name, made.key) for name, made in tables.items()],
        run_id=run_id,
        as_of="2025-12-31",
        company=company,
        versions={},
        policy={},
        make_reference_tables=lambda columns: [dictionary(columns, tables)],
    )


def dictionary(columns: Sequence[PublishedColumn], tables: Mapping[str, Made]) -> ReferenceTable:
    """A dictionary that says something of each column."""
    rows = [
        (
            column.table,
            column.name,
            column.position,
            column.data_type,
            "USD" if column.data_type.startswith("DECIMAL") else None,
            f"What {column.name} is; it's told.",
            f"Null where {column.name} is not known.",
            column.name in tables[column.table].key,
            False,
            tables[column.table].references.get(column.name),
            tables[column.table].also.get(column.name),
            f"one row per {' and '.join(tables[column.table].key) or 'nothing'}",
            f"The table {column.table}.",
            "finance",
        )
        for column in columns
    ]
    return ReferenceTable(
        TABLE, "one row per column", "What each column is.", "x", ("table_name",), COLUMNS, rows
    )


@dataclass(frozen=True)
class Postgres:
    """A server of the tests' own, asked by psql: another way than the one that fills it."""

    folder: Path
    binaries: Path
    database: str = "bi"

    @property
    def address(self) -> str:
        """The address for who may do everything."""
        return f"host={self.folder} user=postgres dbname={self.database}"

    def url(self, user: str, password: str = "") -> str:
        """The address of a user, as a URL."""
        word = f":{password}" if password else ""
        return f"postgresql://{user}{word}@/{self.database}?host={self.folder}"

    def ask(self, sql: str, address: str = "") -> str:
        """What psql answers, a row a line."""
        done = subprocess.run(
            [self.binaries / "psql", address or self.address, "-AtX", "-v", "ON_ERROR_STOP=1"],
            input=sql,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.rstrip("\n")


def binaries() -> Path | None:
    """Where Postgres' programs are, if they are here."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    there = sorted(DEBIAN.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return there[-1].parent if there else None


@contextmanager
def started() -> Iterator[Postgres]:
    """A server on a socket alone, as the user `postgres` where we are root: it refuses root."""
    programs = binaries()
    if programs is None:
        pytest.skip("no Postgres here (Debian: apt install postgresql)")
    folder = Path(tempfile.mkdtemp(prefix="csw_pg_"))
    who = {}
    if os.geteuid() == 0:
        try:
            owner = pwd.getpwnam("postgres")
        except KeyError:
            pytest.skip("no user postgres here, and Postgres does not run as root")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
        who = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}

    def run(program: str, *arguments: object) -> None:
        command = [programs / program, *map(str, arguments)]
        subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL, **who)

    data = folder / "data"
    run("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8",
        "--no-sync")  # fmt: skip
    access = data / "pg_hba.conf"
    access.write_text(f"local all needs_password scram-sha-256\n{access.read_text()}")
    options = f"-c listen_addresses='' -c fsync=off -k {folder}"
    run("pg_ctl", "-D", data, "-o", options, "-l", folder / "log", "-w", "start")
    try:
        yield Postgres(folder, programs)
    finally:
        run("pg_ctl", "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(folder)
