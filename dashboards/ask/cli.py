"""`csw mcp`: what is published, for an agent that asks."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated

import typer

from dashboards.cli import require_free
from orchestration.home import Home

HOST = "127.0.0.1"


def mcp(
    *,
    http: Annotated[
        bool, typer.Option("--http", help="Listen on localhost instead of standard input.")
    ] = False,
    port: Annotated[
        int, typer.Option(min=1, max=65535, help="Port on localhost, with --http.")
    ] = 8765,
    home: Annotated[
        Path | None,
        typer.Option("--home", envvar="CSW_HOME", help="The home folder (default: data)."),
    ] = None,
) -> None:
    """Answer an agent (Claude, an IDE, a notebook) by the Model Context Protocol.

    The agent asks for metrics by their names: `list_metrics`, `describe_metric`, `query_metric`,
    `explain_number`, `why_changed`, `account`. It cannot write, and it cannot send SQL. Each answer
    says as of which day it is, whether its months are over, what is held and what is in doubt. A
    refresh can run meanwhile; what it publishes is in the next answer.

    **Examples**

    - `csw mcp`: on standard input and output, as a client starts it (docs/ask.md)
    - `csw mcp --http --port 8765`: on http://localhost:8765/mcp, for clients on this machine

    A client's settings: `{"command": "uv", "args": ["run", "--directory", "<this folder>", "csw",
    "mcp"], "env": {"CSW_HOME": "<home>"}}`. There is no login: whoever can start it sees all.
    """
    # The protocol's libraries take a moment to come up, and no other command needs them.
    from dashboards.ask.server import build_server  # noqa: PLC0415

    # Standard output is the protocol's.
    logging.basicConfig(level=logging.WARNING)
    server = build_server(Home.resolve(home).published)
    if http:
        require_free(port)
        server.run("streamable-http", host=HOST, port=port, stateless_http=True)
    else:
        server.run("stdio")
