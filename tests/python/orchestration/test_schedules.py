"""A refresh starts when what was delivered is whole."""

import os
from pathlib import Path

import dagster as dg
import pytest

from orchestration.errors import ExplainedError
from orchestration.home import Home
from orchestration.schedules import build_delivery_sensor, build_job

COMPANY = """
version: 1
company: Aster
domains: {crm: [files], billing: [files], product: [], support: [zendesk], feedback: []}
systems:
  files: {road: files, folder: deliveries/files}
  zendesk: {road: files, folder: deliveries/zendesk}
"""


@pytest.fixture
def company(home: Home) -> Home:
    home.create()
    (home.path / "company.yml").write_text(COMPANY + "schedule: {marker: _SUCCESS}\n")
    for system in ("files", "zendesk"):
        (home.path / "deliveries" / system).mkdir(parents=True)
    return home


def marker(home: Home, system: str) -> Path:
    return home.path / "deliveries" / system / "_SUCCESS"


def looked(home: Home, cursor: str | None) -> tuple[int, str | None, str]:
    """How many refreshes are asked for at a look, the cursor after it, and why none."""
    sensor = build_delivery_sensor(home, build_job())
    assert sensor is not None
    told = sensor.evaluate_tick(dg.build_sensor_context(cursor=cursor))
    return len(told.run_requests or []), told.cursor, told.skip_message or ""


def test_a_delivery_is_whole_when_each_folder_has_its_marker(company):
    marker(company, "files").touch()
    asked, cursor, why = looked(company, None)
    assert (asked, cursor) == (0, None)
    assert str(marker(company, "zendesk")) in why
    marker(company, "zendesk").touch()
    assert looked(company, cursor)[0] == 1


def test_a_delivery_is_refreshed_once_and_the_next_again(company):
    for system in ("files", "zendesk"):
        marker(company, system).touch()
    asked, cursor, _ = looked(company, None)
    assert asked == 1
    assert looked(company, cursor)[0] == 0
    later = marker(company, "files").stat().st_mtime_ns + 1_000_000_000
    os.utime(marker(company, "files"), ns=(later, later))
    asked, newer, _ = looked(company, cursor)
    assert asked == 1
    assert newer != cursor


def test_a_folder_that_is_being_written_is_waited_for(company):
    for system in ("files", "zendesk"):
        marker(company, system).touch()
    _, cursor, _ = looked(company, None)
    marker(company, "files").unlink()
    asked, kept, _ = looked(company, cursor)
    assert (asked, kept) == (0, cursor)


def test_without_a_marker_nothing_is_watched(home):
    home.create()
    (home.path / "company.yml").write_text(COMPANY)
    assert build_delivery_sensor(home, build_job()) is None


@pytest.mark.parametrize("name", ["SUCCESS", "_done/now", "../_x", ""])
def test_a_marker_is_a_hidden_file_of_the_folder(home, name):
    home.create()
    (home.path / "company.yml").write_text(COMPANY + f'schedule: {{marker: "{name}"}}\n')
    with pytest.raises(ExplainedError, match="marker"):
        home.read()
