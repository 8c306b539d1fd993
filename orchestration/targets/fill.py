"""Which target an address names, and filling it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestration.loads.landed import MOTHERDUCK, POSTGRES
from orchestration.targets.source import DEFAULT_SCHEMA, Outcome, Source, TargetError

KINDS = (
    "postgresql://user@host:5432/database, libpq's key=value, parquet:FOLDER, duckdb:FILE, "
    "md:DATABASE, ducklake:…"
)
_KEYS = re.compile(r"^\s*\w+\s*=")
_PREFIX = re.compile(r"^([a-z]+):")


@dataclass(frozen=True)
class Wanted:
    """What is wanted of a target.

    Attributes:
        schema: The schema of a database; None: what the kind of target has by default.
        grants: The roles of Postgres that are to read.
        again: Copy also what is there already.
    """

    schema: str | None
    grants: Sequence[str] = ()
    again: bool = False


def fill(source: Source, target: str, wanted: Wanted) -> Outcome:
    """Copy a publication to a target.

    Args:
        source: The publication.
        target: Its address; it may hold a password.
        wanted: What is wanted of it.

    Raises:
        TargetError: It is no target, cannot be filled, or would lose what is not ours.
    """
    kind, rest = kind_of(target)
    if kind == "postgres":
        # The driver takes a moment to come up, and no other target needs it.
        from orchestration.targets.postgres import fill_postgres  # noqa: PLC0415

        schema = DEFAULT_SCHEMA if wanted.schema is None else wanted.schema
        return fill_postgres(source, rest, schema, wanted.grants, again=wanted.again)
    if wanted.grants:
        raise TargetError("--grant is for Postgres: this target has no roles.")
    if kind == "parquet":
        from orchestration.targets.folder import fill_folder  # noqa: PLC0415

        return fill_folder(source, Path(rest).expanduser(), again=wanted.again)
    from orchestration.targets.attachable import Attachable  # noqa: PLC0415
    from orchestration.targets.attached import fill_attached  # noqa: PLC0415

    if kind == "motherduck":
        name = rest.partition(":")[2].partition("?")[0]
        there = Attachable(rest, f"md:{name}", "motherduck", name)
    elif kind == "ducklake":
        there = Attachable(rest, "the DuckLake", "ducklake")
    else:
        there = Attachable(str(Path(rest).expanduser()), rest)
    return fill_attached(source, there, wanted.schema, again=wanted.again)


def kind_of(target: str) -> tuple[str, str]:
    """Return what kind of target an address names, and what it is for that kind.

    Raises:
        TargetError: It names none.
    """
    target = target.strip()
    if re.match(r"postgres(ql)?://", target) or _KEYS.match(target):
        return "postgres", target
    if target.startswith(POSTGRES):
        return "postgres", target.partition(":")[2]
    if target.startswith(MOTHERDUCK):
        if not re.match(r"\w+:[^?]+", target):
            raise TargetError("Name the database at MotherDuck: md:<database>.")
        return "motherduck", target
    prefix = _PREFIX.match(target)
    if prefix is None or not target:
        raise TargetError(f"{target or 'Nothing'!r} is no target. There are: {KINDS}.")
    rest = target[prefix.end() :]
    if prefix[1] == "ducklake":
        return "ducklake", target
    if prefix[1] in ("parquet", "duckdb") and rest:
        return prefix[1], rest
    # What comes after it may be a secret.
    raise TargetError(f"'{prefix[1]}:' is no kind of target. There are: {KINDS}.")
