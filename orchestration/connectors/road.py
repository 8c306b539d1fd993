"""What a fetch is asked to do, what it reports, and the errors it ends with."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from orchestration.errors import ExplainedError

FOLDER = Path(__file__).resolve().parent


class ConnectError(ExplainedError):
    """A vendor's data cannot be fetched; the text says what of whom, and what to do."""


class PassingError(ConnectError):
    """The vendor cannot be reached, has an error of its own or a limit: it may answer later."""

    may_pass = True


class NotAllowedError(ConnectError):
    """The key may not see an object, or the account does not have it."""


class NotThereError(NotAllowedError):
    """There is no such object."""


class RefusedError(ConnectError):
    """A request is one that the vendor does not answer."""


def vendor_names() -> list[str]:
    """The vendors that have a connector."""
    return sorted(path.stem for path in FOLDER.glob("*.yml"))


@dataclass(frozen=True)
class ApiRoad:
    """A vendor's API and how to get at it.

    Attributes:
        vendor: Name of the connector: the stem of its file in ``orchestration/connectors``.
        credentials: Where each secret is: ``env:NAME`` (an environment variable) or ``file:PATH``
            (what a file holds).
        start: What happened before this day is not read, where the connector takes a start.
        base_url: Address to ask in place of the vendor's own.
        options: What else the connector's client needs, such as a subdomain.
        columns: By raw table: what the company says that a column is, where the system has no
            models of its own.
    """

    vendor: str
    credentials: Mapping[str, str] = field(default_factory=dict)
    start: date | None = None
    base_url: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def secret(self, name: str) -> str:
        """Look a secret up, now.

        Raises:
            ConnectError: It is not there; the text names the place and never the value.
        """
        reference = self.credentials.get(name)
        if not reference:
            raise ConnectError(
                f"{self.vendor}: credential {name} is not set; write where it is, for example "
                f"{name}: env:{self.vendor.upper()}_{name.upper()}"
            )
        kind, _, place = reference.partition(":")
        if kind == "env" and place:
            value = os.environ.get(place, "")
            where = f"the environment variable {place} is empty or not set"
        elif kind == "file" and place:
            value, where = self._from_file(name, place), f"{place} is empty"
        else:
            # What stands there may be the secret itself.
            raise ConnectError(
                f"{self.vendor}: credential {name} is not a reference; write env:NAME or "
                "file:PATH, never the secret itself"
            )
        if not value.strip():
            raise ConnectError(f"{self.vendor}: credential {name}: {where}")
        return value.strip()

    def _from_file(self, name: str, path: str) -> str:
        try:
            return Path(path).expanduser().read_text(encoding="utf-8")
        except OSError as problem:
            raise ConnectError(
                f"{self.vendor}: credential {name}: {path} cannot be read ({problem.strerror})"
            ) from None


@dataclass
class FetchReport:
    """What a fetch brought.

    Attributes:
        vendor: Whose data.
        rows: Rows written by raw table.
        files: Files written, relative to the drop folder.
        notes: What a person should know: objects that could not be seen, fields left out.
    """

    vendor: str
    rows: dict[str, int] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Sight:
    """What a key can see of one object.

    Attributes:
        name: The object, as the vendor calls it.
        tables: The raw tables it fills.
        seen: Whether the key can read it.
        required: Whether a fetch ends without it.
        text: How much history there is, or why it cannot be seen and what to do.
    """

    name: str
    tables: list[str]
    seen: bool
    required: bool
    text: str
