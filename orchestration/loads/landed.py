"""Where another loader landed a vendor's data: a database, a schema and what is named otherwise."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, unquote

MOTHERDUCK = ("md:", "motherduck:")
POSTGRES = ("postgres:", "postgresql:")
# The loader whose relations are what a connector of this project fetched.
API = "api"
# The column that holds each object, as it was fetched.
OBJECT = "_object"
# Values of a connection string, and what is between the user and the host of a URL.
_SECRETS = (
    re.compile(r"(?i)(?:password|token)\w*\s*=\s*('(?:\\.|[^'\\])*'|[^\s&']+)"),
    re.compile(r"//[^/@:]*:(.*)@"),
)

Pairs = tuple[tuple[str, str], ...]


def is_elsewhere(database: str) -> bool:
    """Whether a database is no file here but a server's."""
    return database.startswith((*MOTHERDUCK, *POSTGRES))


@dataclass(frozen=True)
class Landed:
    """The relations of one vendor as a loader landed them. They are read, never written.

    Attributes:
        loader: Who landed them: the name of a folder of ``orchestration/adapters``.
        database: Path of a DuckDB file, ``md:<database>`` at MotherDuck, or of Postgres a URL or
            ``postgres:<key=value …>``; the drop folder of a connector. It may hold a password, so
            it is no part of the repr.
        schema: The schema they are in; the system of a connector.
        tables: Name of a relation by the name that the loader usually gives it.
        columns: By raw table: the landed column, or SQL over the landed table, by raw column.
    """

    loader: str
    database: str = field(repr=False)
    schema: str
    tables: Pairs = ()
    columns: tuple[tuple[str, Pairs], ...] = ()

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
        """The DuckDB file; None where the database is a server's, or a drop folder."""
        is_no_file = self.loader == API or is_elsewhere(self.database)
        return None if is_no_file else Path(self.database)

    @property
    def postgres(self) -> str | None:
        """What DuckDB attaches as a Postgres database: a URL or keys and values; None elsewhere."""
        if not self.database.startswith(POSTGRES):
            return None
        is_url = re.match(r"\w+://", self.database)
        return self.database if is_url else self.database.partition(":")[2]

    @property
    def motherduck(self) -> str | None:
        """The name of the database at MotherDuck; None elsewhere."""
        if not self.database.startswith(MOTHERDUCK):
            return None
        return self.database.partition(":")[2].partition("?")[0]

    @property
    def shown(self) -> str:
        """The database as it may be shown: without the secrets of a connection string."""
        if self.motherduck is not None:
            return f"md:{self.motherduck}"
        return "the Postgres database" if self.postgres is not None else self.database

    def redacted(self, message: str) -> str:
        """A message without what is secret of the database."""
        if not is_elsewhere(self.database):
            return message
        found = [each for secret in _SECRETS for each in secret.findall(self.database)]
        plain = [each.strip("'") for each in found]
        secrets = {self.database, self.postgres or "", *found, *plain}
        secrets |= {*map(unquote, plain), *map(quote, plain)}
        for secret in sorted(secrets - {""}, key=len, reverse=True):
            message = message.replace(secret, "…")
        return message

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
