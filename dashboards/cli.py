"""`csw report`: the page of what is published."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from orchestration.home import Home, HomeError
from orchestration.publish import REPORT_LINK, read_publication


def report(
    *,
    csm: Annotated[
        str | None,
        typer.Option(metavar="NAME|ID", help="Only the accounts of this CSM."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(help="The file to write (default: report.html, or report-<csm>.html)."),
    ] = None,
    home: Annotated[
        Path | None,
        typer.Option("--home", envvar="CSW_HOME", help="The home folder (default: data)."),
    ] = None,
) -> None:
    """Write the page of what is published: one HTML file to open, print or mail.

    It needs no server and no network. Each refresh writes the company's to
    `<home>/published/report.html` by itself; this makes it again, or that of one CSM.

    **Examples**

    - `csw report`: the company's, into this folder
    - `csw report --csm "Dana Kato"`: the accounts of one CSM, their renewals and next steps
    - `csw report --csm "Dana Kato" --output dana.html`
    """
    # Drawing takes a moment to come up, and no other command needs it.
    from dashboards.report import book_report, company_report  # noqa: PLC0415

    chosen = Home.resolve(home)
    publication = read_publication(chosen.published)
    if publication is None:
        raise HomeError(f"Nothing is published in {chosen.path} yet: run `csw refresh`.")
    database = chosen.published / publication.database
    if csm is None:
        page, file = company_report(database, publication), Path(REPORT_LINK)
    else:
        page = book_report(database, publication, csm)
        file = Path(f"report-{re.sub(r'[^a-z0-9]+', '-', csm.casefold()).strip('-')}.html")
    written = output or file
    written.write_text(page, encoding="utf-8")
    Console(file=sys.stdout).print(
        f"As of {publication.as_of_date}: {written}", highlight=False, soft_wrap=True
    )
