"""`csw mapping`: a first mapping.yml, and what a folder would load with it."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from orchestration.state import write_text

app = typer.Typer(
    no_args_is_help=True, help="Write and check the mapping.yml of a folder of files."
)

MAPPING_FILE = "mapping.yml"
SHARED = 0o644
Folder = Annotated[Path, typer.Argument(help="The folder of files.")]


def _console() -> Console:
    return Console(file=sys.stdout, highlight=False, soft_wrap=True)


def _refuse(console: Console, text: str) -> typer.Exit:
    console.print(text, style="red", markup=False)
    return typer.Exit(1)


@app.command()
def init(
    folder: Folder,
    *,
    out: Annotated[
        Path | None, typer.Option(help="Where to write it (default: mapping.yml in the folder).")
    ] = None,
) -> None:
    """Write a mapping.yml from the headers and samples of a folder.

    Headers in English, German and of common exports are matched to entities and columns; encoding,
    header line, decimal sign and date format are read from samples. Every guess says so.
    """
    from orchestration.mapping_init import draft  # noqa: PLC0415

    console = _console()
    if not folder.is_dir():
        raise _refuse(console, f"{folder} is not a folder.")
    target = out or folder / MAPPING_FILE
    if target.exists():
        raise _refuse(console, f"{target} is there already; move it away, or say --out.")
    write_text(target, draft(folder, folder.resolve().name), SHARED)
    console.print(f"{target} is written. Look at its guesses, then: csw mapping check {folder}")


@app.command()
def check(
    folder: Annotated[Path, typer.Argument(help="The folder of files.")] = Path(),
    *,
    mapping: Annotated[
        Path | None, typer.Option(help="The mapping (default: mapping.yml in the folder).")
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(metavar="YYYY-MM-DD", help="The day that dates are judged from."),
    ] = None,
    domains: Annotated[
        list[str] | None,
        typer.Option(
            "--domain",
            help="What the files speak for (crm, billing …); repeatable. Tables that another "
            "system brings are not missed. Default: everything.",
        ),
    ] = None,
) -> None:
    """Say what would load of a folder, and what would not and why.

    Nothing is built, and no home is read or written. The exit code is 1 when a row would be
    rejected or a table could not be loaded.
    """
    from orchestration.company import DOMAINS  # noqa: PLC0415
    from orchestration.mapping_check import try_load  # noqa: PLC0415
    from orchestration.settings_file import suggestion  # noqa: PLC0415

    console = _console()
    if not folder.is_dir():
        raise _refuse(console, f"{folder} is not a folder.")
    try:
        day = datetime.strptime(as_of, "%Y-%m-%d").date() if as_of else None  # noqa: DTZ007
    except ValueError as error:
        raise typer.BadParameter(f"'{as_of}' is not a day; write it as 2025-12-31.") from error
    for domain in domains or ():
        if domain not in DOMAINS:
            raise typer.BadParameter(f"'{domain}' is no domain{suggestion(domain, DOMAINS)}")
    found = try_load(folder, mapping, day, frozenset(domains) if domains else None)
    table = Table("entity", "file", box=None, pad_edge=False, header_style="bold")
    for name in ("read", "would load", "rejected", "left over"):
        table.add_column(name, justify="right")
    for row in found.rows:
        table.add_row(row.entity or "(none)", row.file, *map(str, row.numbers))
    console.print(table)
    for title, lines in found.sections():
        console.print(f"\n[bold]{title}[/]")
        for line in lines:
            console.print(f"- {line}", markup=False)
    if found.fails:
        raise typer.Exit(1)
    if found.left_out:
        named = ", ".join(found.left_out)
        console.print(
            f"\nWhat entities take would load. Left over are rows of: {named}", markup=False
        )
    else:
        console.print("\nEverything would load.")
