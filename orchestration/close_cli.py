"""`csw close`: close a month, check the ledger, list what is closed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import click
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from orchestration.errors import ExplainingGroup
from orchestration.home import Home
from orchestration.ledger import (
    FOLDER,
    MONTH,
    Close,
    LedgerError,
    Month,
    ledger_folder,
    read_closes,
)
from orchestration.ledger_checks import adopt, finish_interrupted, problems
from orchestration.lock import home_lock

HomeOption = Annotated[
    Path | None,
    typer.Option("--home", envvar="CSW_HOME", help="The home folder (default: data)."),
]
SHORT_HASH = 12


class MonthFirst(ExplainingGroup):
    """Takes a month where a command is expected: `csw close 2025-11`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Refuse the options of `month` before the month."""
        month = self.commands["month"]
        options = {name for parameter in month.params for name in parameter.opts}
        if args and args[0].startswith("-") and args[0].partition("=")[0] in options:
            raise typer.BadParameter(
                'Name the month first, options after it: csw close 2025-11 --by "Kim Park".', ctx
            )
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Put the command `month` before a month."""
        if args and MONTH.fullmatch(args[0]):
            args = ["month", *args]
        elif args and args[0] not in self.commands:
            raise typer.BadParameter(
                f"'{args[0]}' is not a month; write the month as 2025-11. "
                f"The commands are {', '.join(self.commands)}.",
                ctx,
            )
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=MonthFirst,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="""
    Close a month: write its figures to the ledger, once.

    - `csw close 2025-11 --by "Kim Park"`: close November 2025
    - `csw close list`: the closed months
    - `csw close verify`: has anything in the ledger changed?
    """,
)


def _console() -> Console:
    return Console(file=sys.stdout)


@app.command("month")
def close_one(
    month: Annotated[str, typer.Argument(metavar="YYYY-MM", help="The month to close.")],
    by: Annotated[
        str | None,
        typer.Option("--by", help="Who signs. Default: CSW_CLOSED_BY, else the machine's user."),
    ] = None,
    home: HomeOption = None,
) -> None:
    """Write a complete month's published figures to the ledger. Once, and in order."""
    from orchestration.close import close_month  # noqa: PLC0415

    console = _console()
    chosen = Home.resolve(home)
    with home_lock(chosen):
        close = close_month(chosen, Month.parse(month), closed_by=by)
    lines = [
        f"{close.month} is closed, as of {close.as_of_date}, by {close.closed_by}.",
        f"Closing ARR {close.totals['closing_arr']} of {close.totals['accounts']} customers; "
        f"opening {close.totals['opening_arr']}, prior period adjustment "
        f"{close.totals['prior_period_adjustment_arr']}.",
        f"Definition {close.definition_version}, content {close.content_hash[:12]}, "
        f"in {ledger_folder(chosen) / close.month}.",
        "mart_retention_as_reported and mart_restatements show it after the next refresh.",
    ]
    if by is None:
        lines.insert(
            1,
            f"Signed by {close.closed_by}: without --by it is CSW_CLOSED_BY, else the user of "
            "the machine.",
        )
    for line in lines:
        console.print(line, highlight=False, markup=False, soft_wrap=True)


@app.command()
def verify(
    last: Annotated[
        str | None,
        typer.Option(
            "--last",
            metavar="HASH",
            help=f"The last hash as you noted it; its first {SHORT_HASH} characters will do.",
        ),
    ] = None,
    home: HomeOption = None,
) -> None:
    """Compare every file of the ledger with its hash; name what was changed."""
    console = _console()
    chosen = Home.resolve(home)
    try:
        with home_lock(chosen):
            finish_interrupted(chosen)
            found = problems(chosen)
    except LedgerError as error:
        found = [str(error)]
    closes = [] if found else read_closes(chosen)
    if last is not None and not found:
        _require_last(last, closes)
    for problem in found:
        console.print(problem, style="red", highlight=False, markup=False, soft_wrap=True)
    if found:
        raise typer.Exit(1)
    if not closes:
        console.print("No month is closed yet.")
        return
    console.print(
        f"The ledger is as it was written: {_months(closes)}, {closes[0].month} to "
        f"{closes[-1].month}, last hash {closes[-1].hash}.",
        highlight=False,
        soft_wrap=True,
    )


def _months(closes: list[Close]) -> str:
    return "1 month" if len(closes) == 1 else f"{len(closes)} months"


def _require_last(noted: str, closes: list[Close]) -> None:
    """Refuse a ledger whose last entry is not the one that was noted."""
    noted = noted.strip().lower()
    if len(noted) < SHORT_HASH:
        raise LedgerError(f"The noted hash needs at least {SHORT_HASH} characters.")
    if closes and closes[-1].hash.startswith(noted):
        return
    earlier = next((close.month for close in closes if close.hash.startswith(noted)), None)
    is_now = f"{closes[-1].hash} of {closes[-1].month}" if closes else "none: no month is closed"
    hint = (
        f"The noted hash is that of {earlier}; later months were closed since."
        if earlier
        else f"The noted hash is in no entry: put back the folder {FOLDER}/ from a backup."
    )
    raise LedgerError(f"{noted} is not the last hash, which is {is_now}. {hint}")


@app.command("adopt")
def adopt_ledger(
    noted: Annotated[
        str,
        typer.Argument(metavar="HASH", help=f"The last hash as noted, {SHORT_HASH} characters."),
    ],
    home: HomeOption = None,
) -> None:
    """Take in a ledger that this home did not write, as after an older backup was put back."""
    chosen = Home.resolve(home)
    with home_lock(chosen):
        closes = read_closes(chosen)
        _require_last(noted, closes)
        adopt(chosen, noted.strip().lower())
    _console().print(f"The ledger up to {closes[-1].month} is this home's from now on.")


@app.command("list")
def list_closes(home: HomeOption = None) -> None:
    """Show the closed months."""
    console = _console()
    closes = read_closes(Home.resolve(home))
    if not closes:
        console.print("No month is closed yet.")
        return
    # 80 columns hold it: figures and dates are whole, a long name takes more lines.
    table = Table()
    for name in ("month", "closing ARR", "adjustment", "as of", "closed on"):
        table.add_column(name, no_wrap=True)
    table.add_column("by", overflow="fold")
    for close in closes:
        table.add_row(
            close.month,
            close.totals["closing_arr"],
            close.totals["prior_period_adjustment_arr"],
            close.as_of_date,
            close.closed_at[:10],
            escape(close.closed_by),
        )
    console.print(table)
