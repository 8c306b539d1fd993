"""The server: nothing is published, a run is held, somebody asks by HTTP."""

import json
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import replace
from decimal import Decimal

import anyio
import duckdb
import pytest
from mcp import Client

from dashboards.ask.question import AskError, find_metric
from dashboards.ask.server import build_server
from dashboards.ask.standing import LEFT_OUT, newest, plain
from orchestration.publish import MANIFEST, read_publication
from orchestration.state import read_json, write_json


def answer(folder, tool, **arguments):
    async def asked():
        async with Client(build_server(folder)) as client:
            return await client.call_tool(tool, arguments)

    return anyio.run(asked)


@pytest.fixture
def folder(demo_home, tmp_path):
    """What is published, to be changed."""
    copy = tmp_path / "published"
    publication = read_publication(demo_home.published)
    for name in (publication.database, publication.quality.database, MANIFEST):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(demo_home.published / name, copy / name)
    return copy


def test_nothing_published_is_said(tmp_path):
    found = answer(tmp_path, "list_metrics")
    assert found.is_error
    assert "Nothing is published yet: run `csw refresh`." in found.content[0].text


def test_an_answer_is_of_what_is_published_now_and_says_that_a_newer_run_is_held(folder):
    before = answer(folder, "query_metric", metric="arr").structured_content["standing"]
    assert before["held"] is None
    manifest = read_json(folder / MANIFEST)
    manifest["quality"] |= {"run_id": "99991231T000000Z_a", "as_of_date": "2026-01-01"}
    write_json(folder / MANIFEST, manifest)
    after = answer(folder, "query_metric", metric="arr").structured_content["standing"]
    assert after["held"].startswith("A newer run, for 2026-01-01, is not published")


def test_old_figures_and_what_no_longer_comes_are_said(folder):
    publication = read_publication(folder)
    with duckdb.connect(folder / publication.database) as connection:
        connection.execute(
            "update marts.mart_data_gaps set gap = 'data_stale', is_open = true,"
            " severity = 'warning', what_is_missing = 'Nothing comes from x@acme.example.'"
        )
    manifest = read_json(folder / MANIFEST)
    manifest["published_at"] = "2020-01-01T00:00:00+00:00"
    write_json(folder / MANIFEST, manifest)
    standing = answer(folder, "query_metric", metric="arr").structured_content["standing"]
    assert standing["old"].startswith("Nothing has been published for")
    assert f"Nothing comes from {LEFT_OUT}." in standing["no_longer_comes"]
    assert "not known" in standing["data_gaps"]


def test_a_publication_without_definitions_says_what_to_do(folder):
    publication = read_publication(folder)
    with duckdb.connect(folder / publication.database) as connection:
        connection.execute("delete from marts.metric_definitions where metric = 'nrr'")
    found = answer(folder, "query_metric", metric="nrr")
    assert found.is_error and "does not define nrr yet" in found.content[0].text
    with duckdb.connect(folder / publication.database) as connection:
        connection.execute("drop table marts.metric_definitions")
    for tool, arguments in (("list_metrics", {}), ("query_metric", {"metric": "arr"})):
        found = answer(folder, tool, **arguments)
        assert found.is_error and "Run `csw refresh`" in found.content[0].text


def test_a_metric_whose_table_is_not_published_is_said(folder):
    with newest(folder) as (published, _):
        older = replace(published, tables=published.tables - {"mart_scorecard"})
        with pytest.raises(AskError, match="no mart_scorecard"):
            find_metric(older, "qbrs_held")


def test_amounts_keep_their_digits_and_addresses_are_left_out():
    assert plain({"arr": Decimal("1234.50"), "seats": Decimal("3.0000")}) == {
        "arr": 1234.5,
        "seats": 3,
    }
    assert plain(["Ask jane.doe+x@acme.example, please"]) == [f"Ask {LEFT_OUT}, please"]
    assert plain(None) is None


def test_http_listens_on_localhost_and_refuses_other_names(demo_home):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "orchestration.start", "mcp", "--http", "--port", str(port)]
    command += ["--home", str(demo_home.path)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        try:
            wait_until_listening(port, server)

            async def asked():
                async with Client(f"http://127.0.0.1:{port}/mcp") as client:
                    return await client.call_tool("query_metric", {"metric": "arr"})

            assert anyio.run(asked).structured_content["rows"][0]["value"] > 0
            assert refused(port, {"Host": "evil.example"})
            assert refused(port, {"Origin": "http://evil.example"})
            # Of this machine's addresses only localhost: another one is not listened at.
            with socket.socket() as probe:
                assert probe.connect_ex(("127.0.0.2", port)) != 0
        finally:
            server.terminate()


def wait_until_listening(port, server):
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert server.poll() is None, server.stderr.read()
        time.sleep(0.1)
    raise AssertionError("The server does not listen.")


def refused(port, headers):
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}).encode()
    wanted = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/mcp", data=body, headers={**wanted, **headers}
    )
    try:
        urllib.request.urlopen(request, timeout=10)
    except urllib.error.HTTPError as error:
        return error.code in (403, 421)
    return False


def test_help_teaches_the_tools_and_how_a_client_starts_it(run_csw):
    said = re.sub(r"\s+", " ", run_csw("mcp", "--help").stdout)
    for tool in ("query_metric", "explain_number", "why_changed", "account"):
        assert tool in said
    assert "CSW_HOME" in said and "docs/ask.md" in said
