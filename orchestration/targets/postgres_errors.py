"""What Postgres says when it refuses, in words with what to do. No password is in them."""

from __future__ import annotations

import re

import adbc_driver_manager

from orchestration.loads.landed import Landed
from orchestration.targets.source import TargetBusyError, TargetError, TargetMachineError

VIEW = (
    "Something was built on our tables that does not fit the new ones. Change or drop it, run "
    "again, then make it anew"
)
# By the beginning of SQLSTATE (Appendix A of Postgres' documentation).
BY_STATE: tuple[tuple[str, type[TargetError], str], ...] = (
    (
        "42501",
        TargetMachineError,
        "The user lacks this right. Who publishes has to own the schema, or may create it in the "
        "database (GRANT CREATE ON DATABASE)",
    ),
    ("53100", TargetMachineError, "The disk of the Postgres server is full. Free some space"),
    ("53200", TargetMachineError, "The memory of the Postgres server was not enough"),
    ("53", TargetMachineError, "The Postgres server has no room for this now. Run again later"),
    (
        "55P03",
        TargetBusyError,
        "Somebody holds one of the tables (pg_stat_activity tells who). Run again when they are "
        "done",
    ),
    ("40", TargetBusyError, "Somebody else changed the same tables. Run again"),
    (
        "57014",
        TargetMachineError,
        "It was cancelled: by somebody, or by statement_timeout of the user. Raise that "
        "(ALTER ROLE … SET statement_timeout = 0), or run again",
    ),
    ("57", TargetMachineError, "The Postgres server ended the connection. Run again once it is up"),
    ("25006", TargetMachineError, "This server only reads. Give the address of the primary"),
    ("2BP01", TargetError, VIEW),
    ("0A000", TargetError, VIEW),
    ("23", TargetError, "A rule of the tables there, which is not ours, refuses rows. Take it off"),
    ("22", TargetError, "A value does not go into this database; it is to be encoded in UTF8"),
    ("42704", TargetError, "Give a name that exists, or create it first"),
    ("42P07", TargetError, "Something of this name is there that is not ours. Rename it"),
)
# A connection that fails has no SQLSTATE.
BY_WORDS: tuple[tuple[str, type[TargetError], str], ...] = (
    (
        r"password|authentication|pg_hba\.conf|role .* does not exist",
        TargetMachineError,
        "Check the user and its password (PGPASSWORD, ~/.pgpass, a service file, or the address)",
    ),
    (r"database .* does not exist", TargetError, "Create it, or correct its name"),
    (
        r"could not translate|[Nn]ame or service",
        TargetMachineError,
        "Check the name of the host",
    ),
    (
        r"refused|No such file|timeout|timed out|unreachable|starting up|shutting down",
        TargetMachineError,
        "Check host and port, and whether Postgres runs there",
    ),
    (r"SSL|certificate", TargetMachineError, "Check sslmode and the certificates"),
    (
        r"closed the connection|connection to server was lost|no connection to the server|EOF",
        TargetMachineError,
        "The Postgres server ended the connection. Run again once it is up",
    ),
    (
        r'missing "="|invalid|definition of service',
        TargetError,
        "Write the target as postgresql://user@host:5432/database, or as key=value; special "
        "characters of a password as %XX, or in PGPASSWORD",
    ),
)

_SERVER = re.compile(r"\b(?:ERROR|FATAL):\s+(.+)")
_DRIVER = re.compile(r"^\w+: (\[libpq\] )?(Failed to connect: )?")


def explained(problem: adbc_driver_manager.Error, address: str, where: str) -> TargetError:
    """Return the error as it may be shown.

    Args:
        problem: What the driver raised; it may hold the password.
        address: The address of the server.
        where: What was to be filled.
    """
    details = {_text(name): _text(told) for name, told in problem.details or ()}
    said = details.get("PG_DIAG_MESSAGE_PRIMARY") or _told(str(problem))
    detail = details.get("PG_DIAG_MESSAGE_DETAIL", "")
    said = ": ".join(" ".join(part.split()).rstrip(".") for part in (said, detail) if part)
    kind, advice = _advice(problem.sqlstate or "", said)
    said = Landed.of("postgres", _landed(address), "").redacted(said)
    return kind(f"{where} was not filled: {said}. {advice}. What it held is unchanged.")


def _text(told: str | bytes) -> str:
    return told.decode(errors="replace") if isinstance(told, bytes) else told


def _told(message: str) -> str:
    """Return what libpq or the server said, without the driver's own words and the query."""
    if found := _SERVER.search(message):
        return found[1]
    return _DRIVER.sub("", " ".join(message.split()))


def _advice(state: str, said: str) -> tuple[type[TargetError], str]:
    if state:
        for beginning, kind, advice in BY_STATE:
            if state.startswith(beginning):
                return kind, advice
    for words, kind, advice in BY_WORDS:
        if re.search(words, said):
            return kind, advice
    return TargetError, f"Postgres has no other words for it (SQLSTATE {state or 'none'})"


def _landed(address: str) -> str:
    """The address as landed tables write theirs."""
    return address if re.match(r"\w+://", address) else f"postgres:{address}"
