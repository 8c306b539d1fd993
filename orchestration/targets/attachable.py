"""What DuckDB attaches as a target, and how it and its schema are called there."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from orchestration.publish import SCHEMA
from orchestration.targets.source import DEFAULT_SCHEMA

TARGET = "target"
# The first that is not named like the database; a file has its tables where the published one does.
FILE_SCHEMAS = (SCHEMA, DEFAULT_SCHEMA, "bi")
SERVICE_SCHEMAS = (DEFAULT_SCHEMA, SCHEMA)


@dataclass(frozen=True)
class Attachable:
    """A database that can be attached.

    Attributes:
        address: What `attach` takes; it may hold a token.
        shown: The same without a secret.
        extension: DuckDB's extension that it needs; none for a file.
        name: The name that it has when it is attached, where that cannot be chosen.
    """

    address: str = field(repr=False)
    shown: str
    extension: str | None = None
    name: str = TARGET

    @property
    def file(self) -> Path | None:
        """The DuckDB file, if it is one."""
        return None if self.extension else Path(self.address)

    @property
    def names(self) -> set[str]:
        """What DuckDB calls the database where nobody gives it a name, in lower case."""
        if self.name != TARGET:
            return {self.name.lower()}
        # A link is called by its own name, or since DuckDB 1.5 by that of its file.
        path = self.file or Path(self.address.rpartition(":")[2])
        names = (path.name, path.resolve().name) if self.file else (path.name,)
        return {name.strip(".").partition(".")[0].lower() for name in names}

    @property
    def schema(self) -> str:
        """The schema of its tables if nobody gives one."""
        each = FILE_SCHEMAS if self.file else SERVICE_SCHEMAS
        return next(name for name in each if name not in self.names)
