"""Delighted by its API: every answer once, and its changes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from tests.python.connect.company import FIRST, SECOND, THIRD, Fetched, assert_same, loaded, road
from tests.python.connect.fake_delighted import KEY, FakeDelighted
from tests.python.connect.server import Request

pytestmark = pytest.mark.road("Delighted", "api")


@pytest.fixture
def delighted(exports: Path) -> Iterator[FakeDelighted]:
    """A company of a few accounts; pages are small."""
    with FakeDelighted(page=5) as fake:
        fake.seed(exports / "delighted")
        yield fake


@pytest.fixture
def fetched(delighted: FakeDelighted, tmp_path: Path) -> Fetched:
    return Fetched(road("delighted", f"{delighted.url}/v1/", KEY), tmp_path / "home")


def test_a_fetch_gives_the_rows_of_an_export(
    fetched: Fetched, exports: Path, tmp_path: Path
) -> None:
    fetched.fetch(FIRST)
    raw = fetched.load()
    export = tmp_path / "export"
    export.mkdir()
    shutil.copy(exports / "delighted" / "survey_responses.csv", export)
    assert_same(raw, loaded("delighted", export, tmp_path / "other", 1, date(2026, 1, 1)))
    assert raw.said() == []
    assert raw.rejects() == []


def test_an_old_answer_that_was_changed_is_loaded_with_its_new_score(
    fetched: Fetched, delighted: FakeDelighted
) -> None:
    fetched.fetch(FIRST)
    known = len(fetched.load().rows("survey_response", ["id"]))
    changed = delighted.responses[0]
    changed.update(score=(changed["score"] + 1) % 5 + 1, updated_at=int(FIRST.timestamp()) + 60)
    new = changed | {"id": "new", "created_at": changed["updated_at"], "updated_at": None}
    delighted.responses.append(new)
    fetched.fetch(SECOND)
    raw = fetched.load()
    assert len(raw.rows("survey_response", ["id"])) == known + 2
    newest = "select arg_max(score, updated_at) from raw_delighted.survey_response where id = '{}'"
    assert raw.query(newest.format(changed["id"])) == [(changed["score"],)]
    assert raw.query(newest.format("new")) == [(new["score"],)]


def test_a_change_while_pages_are_read_passes_no_other_answer_over(
    fetched: Fetched, delighted: FakeDelighted
) -> None:
    fetched.fetch(FIRST)
    begin = int(FIRST.timestamp())
    changed = delighted.responses[:12]
    for number, row in enumerate(changed):
        row.update(updated_at=begin + number, comment="changed")
    pages = 0

    def meanwhile(_: int, request: Request) -> None:
        nonlocal pages
        if request.one("updated_since"):
            pages += 1
            if pages == 2:
                changed[0].update(updated_at=begin + 86400, comment="again")

    delighted.before = meanwhile
    fetched.fetch(SECOND)
    found = "select id, comment from raw_delighted.survey_response where comment like '%a%'"
    assert {(row["id"], "changed") for row in changed[1:]} <= set(fetched.load().query(found))
    # The one that moved to a page that had been read comes with the next fetch.
    fetched.fetch(THIRD)
    assert (changed[0]["id"], "again") in fetched.load().query(found)
