"""Where another loader landed a vendor's data: a database, a schema and what is named otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

MOTHERDUCK, POSTGRES = "md:", "postgres:"
# The loader whose relations are what a connector of this project fetched.
API = "api"
# The column that holds each object, as it was fetched.
OBJECT = "_object"

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Landed:
    """The relations of one vendor as a loader landed them. They are read, never written.

    Attributes:
        loader: Who landed them: the name of a folder of ``orchestration/adapters``.
        database: Path of a DuckDB file, ``md:<database>`` at MotherDuck, or ``postgres:<dsn>``;
            the drop folder of a connector.
        schema: The schema they are in; the system of a connector.
        tables: Name of a relation by the name that the loader usually gives it.
        columns: By raw table: the landed column, or SQL over the landed table, by raw column.
        domains: What the vendor speaks for, where it fills tables that others fill, too; None: all.
    """

    loader: str
    database: str
    schema: str
    tables: Pairs = ()
    columns: tuple[tuple[str, Pairs], ...] = ()
    domains: frozenset[str] | None = None

    @classmethod
    def of(
        cls,
        loader: str,
        database: str | Path,
        schema: str,
        tables: Mapping[str, str] | None = None,
        columns: Mapping[str, Mapping[str, str]] | None = None,
    ) -> Landed:
        """The same from mappings, as a settings file has them."""
        return cls(
            loader,
            str(database),
            schema,
            tuple(sorted((tables or {}).items())),
            tuple((table, tuple(sorted(own.items()))) for table, own in (columns or {}).items()),
        )

    @property
    def file(self) -> Path | None:
        """The DuckDB file; None where the database is a server's."""
        if self.database.startswith((MOTHERDUCK, POSTGRES)):
            return None
        return Path(self.database)

    @property
    def shown(self) -> str:
        """The database as it may be shown: without the secrets of a connection string."""
        return "the Postgres database" if self.database.startswith(POSTGRES) else self.database

    def renamed(self, relation: str) -> str | None:
        """The name that a relation really has, where it was said."""
        return dict(self.tables).get(relation)

    def remedy(self, relation: str) -> str:
        """What to do about a relation that is absent."""
        if self.loader == API:
            return f"`csw connect {self.schema} --check` says whether the key may see it"
        named = f"tables: {{{relation}: …}}"
        return f"Select the table in {self.loader}, or say what it is called: {named}"

    def columns_of(self, table: str) -> dict[str, str]:
        """What was said about the columns of a raw table."""
        return dict(dict(self.columns).get(table, ()))
