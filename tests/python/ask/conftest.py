"""An agent that asks: the protocol's own client, and `csw mcp` as a process that it starts."""

import os
import sys
from collections.abc import Callable, Iterator
from typing import Any

import duckdb
import pytest
from anyio.from_thread import start_blocking_portal
from mcp import Client, StdioServerParameters

from orchestration.home import Home
from orchestration.publish import read_publication
from tests.python.ask.agent import RefusedError

Ask = Callable[..., dict[str, Any]]
# For all questions of a module; a refresh of the demo company comes before.
ANSWERED_WITHIN = 60


@pytest.fixture(scope="module")
def ask(demo_home: Home) -> Iterator[Ask]:
    """Ask the server of the demo company; all questions of a module in one session."""
    server = StdioServerParameters(
        command=sys.executable,
        args=["-m", "orchestration.start", "mcp", "--home", str(demo_home.path)],
        env={"PATH": os.environ["PATH"]},
    )
    client = Client(server, read_timeout_seconds=ANSWERED_WITHIN)
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(client) as session:

        def asked(tool: str, **arguments: Any) -> dict[str, Any]:
            answer = portal.call(session.call_tool, tool, arguments)
            if answer.is_error:
                raise RefusedError(answer.content[0].text)
            return answer.structured_content

        asked.tools = lambda: portal.call(session.list_tools).tools
        yield asked


@pytest.fixture(scope="module")
def facts(demo_home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published file."""
    publication = read_publication(demo_home.published)
    with duckdb.connect(demo_home.published / publication.database, read_only=True) as connection:
        connection.execute("use marts")
        yield connection
