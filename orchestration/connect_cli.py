"""`csw connect`: fetch from the APIs of a company's systems, or look at what the keys can see."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from orchestration.connectors.road import FetchReport, Sight
from orchestration.home import Home, HomeError
from orchestration.lock import home_lock


def connect(
    systems: Annotated[
        list[str] | None,
        typer.Argument(metavar="[SYSTEM]...", help="Without it: all that come by their API."),
    ] = None,
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Only show what each key can see; fetch nothing.")
    ] = False,
    home: Annotated[
        Path | None,
        typer.Option("--home", envvar="CSW_HOME", help="The home folder (default: data)."),
    ] = None,
) -> None:
    """Fetch what is new of systems that come by their API, and load nothing.

    `csw refresh` fetches by itself. Keys are named in company.yml (docs/connect), never given here.

    **Examples**

    - `csw connect stripe --check`: is the key good, what can it see, how far back?
    - `csw connect stripe`: fetch into `<home>/api/stripe`
    """
    # dlt takes a moment to come up, and no other command needs it here.
    from orchestration.connectors import engine, of_home  # noqa: PLC0415
    from orchestration.display import make_display  # noqa: PLC0415

    console = Console(file=sys.stdout)
    chosen = Home.resolve(home)
    is_whole = True
    wanted = systems or of_home.api_systems(chosen)
    if not wanted:
        raise HomeError(f"No system of {chosen.path} comes by its API (docs/company.md).")
    for system in wanted:
        if check:
            sights = engine.check(of_home.road_of(chosen, system))
            _show_sights(console, system, sights)
            is_whole &= all(sight.seen for sight in sights if sight.required)
            continue
        display = make_display(console, verbose=False)
        with home_lock(chosen), display, display.step(f"Fetch {system}"):
            report = of_home.fetch_system(chosen, system, display)
        _show_report(console, report)
    if not is_whole:
        raise typer.Exit(1)


def _show_sights(console: Console, system: str, sights: list[Sight]) -> None:
    table = Table("object", "", "raw tables", "history, or what is in the way", box=None)
    for sight in sights:
        missing = "no" if sight.required else "no (optional)"
        table.add_row(
            sight.name,
            "yes" if sight.seen else missing,
            ", ".join(sight.tables),
            escape(sight.text),
        )
    console.print(f"[bold]{system}[/]: the key is good", highlight=False)
    console.print(table)


def _show_report(console: Console, report: FetchReport) -> None:
    rows = ", ".join(f"{count} {table}" for table, count in sorted(report.rows.items()))
    console.print(f"{report.vendor}: {rows or 'nothing new'}", highlight=False, soft_wrap=True)
