"""`csw publish`: what is published, copied to where BI reads it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from orchestration.errors import explain
from orchestration.home import Home


def publish(
    *,
    to: Annotated[
        str,
        typer.Option(
            "--to",
            metavar="TARGET",
            envvar="CSW_PUBLISH_TO",
            help="postgresql://user@host/database or libpq's key=value; parquet:FOLDER; "
            "duckdb:FILE; md:DATABASE; ducklake:…",
        ),
    ],
    schema: Annotated[
        str | None,
        typer.Option(
            help="The schema of a database; it is made when it is not there (default: "
            "customer_success; in a DuckDB file marts, or where an earlier copy is)."
        ),
    ] = None,
    grant: Annotated[
        list[str] | None,
        typer.Option(metavar="ROLE", help="A role of Postgres that is to read it; repeatable."),
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Copy it also when it is there already.")
    ] = False,
    home: Annotated[
        Path | None,
        typer.Option("--home", envvar="CSW_HOME", help="The home folder (default: data)."),
    ] = None,
) -> None:
    """Copy what is published to a database or folder from which BI reads.

    All tables go over in one transaction, with their comments and keys: who reads sees the old ones
    or the new ones, and after a failure the old ones stay. What others have in the schema is never
    touched. It reads the published file that the manifest names: a refresh can run meanwhile. A
    DuckDB file is replaced at once by a new one: its readers go on with the old one.

    **Examples**

    - `csw publish --to postgresql://csw@db.example.com/bi --grant bi_reader`: password from
      `PGPASSWORD`, `~/.pgpass` or a service file
    - `csw publish --to "service=bi"`: everything from libpq's service file
    - `CSW_PUBLISH_TO=postgresql://… csw publish`: an address that no list of processes shows
    - `csw publish --to parquet:/srv/bi/customer-success`: files, by `current/` or manifest.json
    - `csw publish --to duckdb:/srv/bi/customer_success.duckdb`: a file, tables in schema `marts`
    - `csw refresh && csw publish --to …`: each morning (docs/bi.md)
    """
    # DuckDB and Arrow take a moment to come up.
    from orchestration.display import make_display  # noqa: PLC0415
    from orchestration.progress import watching  # noqa: PLC0415
    from orchestration.targets.fill import Wanted, fill  # noqa: PLC0415
    from orchestration.targets.source import opened_source  # noqa: PLC0415

    console = Console(file=sys.stdout)
    wanted = Wanted(schema, tuple(grant or ()), again)
    started = time.monotonic()
    with _alerting(), opened_source(Home.resolve(home)) as source:
        display = make_display(console, verbose=False)
        with display, watching(display), display.step("Copy what is published"):
            outcome = fill(source, to, wanted)
        told = source.publication
        what = f"{told.company} as of {told.as_of_date} (run {told.run_id})"
        if outcome.was_there:
            text = f"{what} is already there: {outcome.where}. --again copies it anew."
        else:
            text = (
                f"{what}: {len(source.tables)} tables, {source.rows:,} rows in "
                f"{time.monotonic() - started:.0f} s to {outcome.where}."
            )
        console.print(text, highlight=False, markup=False, soft_wrap=True)


@contextmanager
def _alerting() -> Iterator[None]:
    """Tell of a copy that failed as of a refresh that did: BI would show yesterday in silence."""
    try:
        yield
    except Exception as error:
        if os.environ.get("CSW_ALERT_COMMAND") or os.environ.get("CSW_ALERT_WEBHOOK"):
            from orchestration.alerts import send_alert  # noqa: PLC0415

            lines = ["What is published was not copied to its target.", explain(error)[0]]
            send_alert("\n".join(lines), "none")
        raise
