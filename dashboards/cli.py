"""`csw report` and `csw dashboard`: what is published, as a page and as an app."""

from __future__ import annotations

import os
import re
import signal
import socket
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from orchestration.home import Home, HomeError
from orchestration.publish import read_publication
from orchestration.published_folder import REPORT_LINK

APP = Path(__file__).parent / "app" / "main.py"
# Whose book alone the app shows.
CSM_VARIABLE = "CSW_DASHBOARD_CSM"
BLUE, LIGHT_BLUE = "#0072B2", "#56B4E9"


def report(
    *,
    csm: Annotated[
        str | None,
        typer.Option(metavar="NAME|ID", help="Only the accounts of this CSM."),
    ] = None,
    account: Annotated[
        str | None,
        typer.Option(metavar="NAME|ID", help="The pack for a business review of this account."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(help="The file to write (default: report.html, or report-<name>.html)."),
    ] = None,
    home: Annotated[
        Path | None,
        typer.Option("--home", envvar="CSW_HOME", help="The home folder (default: data)."),
    ] = None,
) -> None:
    """Write the page of what is published: one HTML file to open, print or mail.

    It needs no server and no network. Each refresh writes the company's to
    `<home>/published/report.html` by itself; this makes it again, or that of one CSM or account.

    **Examples**

    - `csw report`: the company's, into this folder
    - `csw report --csm "Dana Kato"`: the accounts of one CSM, their renewals and next steps
    - `csw report --csm "Dana Kato" --output dana.html`
    - `csw report --account "Jade Commerce"`: what a quarterly business review needs
    """
    # Drawing takes a moment to come up, and no other command needs it.
    from dashboards.report import (  # noqa: PLC0415
        ReportError,
        account_report,
        book_report,
        company_report,
    )

    if csm is not None and account is not None:
        raise ReportError("A report is of one CSM or of one account: give --csm or --account.")

    chosen = Home.resolve(home)
    publication = read_publication(chosen.published)
    if publication is None:
        raise HomeError(f"Nothing is published in {chosen.path} yet: run `csw refresh`.")
    database = chosen.published / publication.database
    named = account if csm is None else csm
    if named is None:
        page, file = company_report(database, publication), Path(REPORT_LINK)
    else:
        make = account_report if csm is None else book_report
        page = make(database, publication, named)
        file = Path(f"report-{re.sub(r'[^a-z0-9]+', '-', named.casefold()).strip('-')}.html")
    written = output or file
    written.write_text(page, encoding="utf-8")
    Console(file=sys.stdout).print(
        f"As of {publication.as_of_date}: {written}", highlight=False, soft_wrap=True
    )


def dashboard(
    *,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on localhost.")] = 8501,
    csm: Annotated[
        str | None,
        typer.Option(metavar="NAME|ID", help="Show the book of this CSM, and no other page."),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(metavar="HOST", help="The name by which a proxy on this machine is asked."),
    ] = None,
    home: Annotated[
        Path | None,
        typer.Option("--home", envvar="CSW_HOME", help="The home folder (default: data)."),
    ] = None,
) -> None:
    """Show what is published in the browser, on localhost only, until Ctrl-C.

    Pages for the leader, a CSM, finance and product, and one that says whether to trust them. It
    reads the published file that the manifest names and never the warehouse: a refresh can run
    meanwhile, and what it publishes shows by itself. Filters are in the address, so that a page can
    be bookmarked or sent. There is no login: whoever reaches the port sees all.

    **Examples**

    - `csw dashboard`: the company of this home, on http://localhost:8501
    - `CSW_HOME=~/acme csw dashboard --port 8600`: another company's, on another port
    - `csw dashboard --csm "Dana Kato"`: one book alone
    - `csw dashboard --name cs.example.com`: behind a proxy of that name (docs/dashboard.md)
    """
    chosen = Home.resolve(home)
    publication = read_publication(chosen.published)
    if publication is None:
        raise HomeError(f"Nothing is published in {chosen.path} yet: run `csw refresh`.")
    environment = {**os.environ, "CSW_HOME": str(chosen.path.absolute())}
    environment.pop(CSM_VARIABLE, None)
    if csm is not None:
        from dashboards.published import opened  # noqa: PLC0415
        from dashboards.report import find_csm  # noqa: PLC0415

        with opened(chosen.published / publication.database, publication) as published:
            environment[CSM_VARIABLE] = find_csm(published, csm).csm_id
    require_free(port)
    Console(file=sys.stdout).print(
        f"{publication.company}, as of {publication.as_of_date}: http://localhost:{port}",
        highlight=False,
        soft_wrap=True,
    )
    settings = {
        "server.address": "127.0.0.1",
        "server.port": port,
        "server.headless": "true",
        "server.fileWatcherType": "none",
        "browser.gatherUsageStats": "false",
        "client.toolbarMode": "minimal",
        "logger.level": "warning",
        "client.showErrorDetails": "type",
        # Of both, so that the page follows what the reader's system prefers.
        "theme.light.primaryColor": BLUE,
        "theme.dark.primaryColor": LIGHT_BLUE,
    }
    if name:
        settings["browser.serverAddress"] = name
    command = [sys.executable, "-m", "streamlit", "run", str(APP)]
    command += [f"--{setting}={value}" for setting, value in settings.items()]
    # A page of another name cannot make a browser on this machine ask this port.
    hosts = ["localhost", "127.0.0.1", *([name] if name else [])]
    command += [f"--server.allowedHosts={host}" for host in hosts]
    # In the place of this process, as `csw dagster` is: who stops it stops the app.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    sys.stdout.flush()
    os.execve(sys.executable, command, environment)


def require_free(port: int) -> None:
    """Refuse a port of localhost at which somebody listens."""
    with socket.socket() as probe:
        # As Streamlit listens: what has just been stopped is not in the way.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise HomeError(
                f"Port {port} cannot be used ({error.strerror}): choose another with --port."
            ) from error
