"""Zendesk by its API: tickets with their whole history, and what is gone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from orchestration.connectors.engine import check
from orchestration.connectors.road import ConnectError
from tests.python.connect.company import FIRST, SECOND, THIRD, Fetched, assert_same, loaded, road
from tests.python.connect.fake_zendesk import EMAIL, TOKEN, FakeZendesk
from tests.python.connect.server import Answer, Request

pytestmark = [pytest.mark.long, pytest.mark.road("Zendesk", "api")]

OPTIONS = {"subdomain": "acme", "email": EMAIL, "category_field": 99}


@pytest.fixture
def zendesk(exports: Path) -> Iterator[FakeZendesk]:
    """A company of a few accounts; pages are small."""
    with FakeZendesk(page=6) as fake:
        fake.seed(exports / "zendesk", tickets=20)
        yield fake


@pytest.fixture
def fetched(zendesk: FakeZendesk, tmp_path: Path) -> Fetched:
    way = road("zendesk", f"{zendesk.url}/api/v2/", TOKEN, options=OPTIONS)
    return Fetched(way, tmp_path / "home")


def test_a_fetch_gives_the_rows_of_an_export(exports: Path, tmp_path: Path) -> None:
    with FakeZendesk(page=90) as zendesk:
        zendesk.seed(exports / "zendesk")
        way = road("zendesk", f"{zendesk.url}/api/v2/", TOKEN, options=OPTIONS)
        fetched = Fetched(way, tmp_path / "home")
        report = fetched.fetch(FIRST)
    raw = fetched.load()
    exported = loaded("zendesk", exports / "zendesk", tmp_path / "other", 1, date(2026, 1, 1))
    # An export of history has no ids of changes.
    history = {"id", "previous_value"}
    assert_same(raw, exported, but={"ticket_field_history": history})
    assert raw.said() == []
    assert raw.rejects() == []
    assert report.notes == []


def test_what_changed_since_is_loaded_and_nothing_twice(
    fetched: Fetched, zendesk: FakeZendesk
) -> None:
    fetched.fetch(FIRST)
    before = fetched.load()
    history = before.rows("ticket_field_history", ["ticket_id", "field_name", "id"])
    ticket = zendesk.tickets[0]["id"]
    zendesk.change(ticket, "2026-01-01T12:00:00Z", status="open")
    zendesk.audit(ticket, "2026-01-01T12:00:00Z", 1, {"type": "Comment", "public": True})
    comments = before.rows("ticket_comment", ["id"])
    fetched.fetch(SECOND)
    after = fetched.load()
    assert len(after.rows("ticket_field_history", ["id"])) == len(history) + 1
    assert len(after.rows("ticket_comment", ["id"])) == len(comments) + 1
    found = after.query(
        f"select status from raw_zendesk.ticket where id = {ticket} order by updated_at desc"
    )
    assert found[0] == ("open",)
    assert after.said() == []


def test_a_ticket_that_moves_while_pages_are_read_is_there_with_its_last_state(
    fetched: Fetched, zendesk: FakeZendesk
) -> None:
    moved = zendesk.tickets[0]["id"]
    pages = 0

    def meanwhile(_: int, request: Request) -> None:
        nonlocal pages
        if "incremental/tickets" in request.path:
            pages += 1
            if pages == 2:
                zendesk.change(moved, "2025-12-31T23:00:00Z", status="hold")

    zendesk.before = meanwhile
    fetched.fetch(FIRST)
    raw = fetched.load()
    assert {row[0] for row in raw.rows("ticket", ["id"])} == {row["id"] for row in zendesk.tickets}
    newest = f"select arg_max(status, updated_at) from raw_zendesk.ticket where id = {moved}"
    assert raw.query(newest) == [("hold",)]


def test_a_deleted_organization_keeps_what_was_known_of_it(
    fetched: Fetched, zendesk: FakeZendesk
) -> None:
    fetched.fetch(FIRST)
    fetched.load()
    gone = zendesk.organizations.pop(0)
    fetched.fetch(SECOND)
    raw = fetched.load()
    newest = raw.query(
        "select external_id, deleted_at is not null from raw_zendesk.organization"
        f" where id = {gone['id']} order by updated_at desc, _dlt_load_id desc limit 1"
    )
    assert newest == [(gone["external_id"], True)]
    assert "organization" not in fetched.fetch(THIRD).rows


def test_a_deleted_ticket_comes_with_that_status_and_keeps_its_history(
    fetched: Fetched, zendesk: FakeZendesk
) -> None:
    fetched.fetch(FIRST)
    before = fetched.load()
    row = zendesk.tickets[0]
    row.update(status="deleted", updated_at="2026-01-01T12:00:00Z")
    history = before.rows("ticket_field_history", ["ticket_id", "id"])
    fetched.fetch(SECOND)
    raw = fetched.load()
    newest = f"select arg_max(status, updated_at) from raw_zendesk.ticket where id = {row['id']}"
    assert raw.query(newest) == [("deleted",)]
    assert raw.rows("ticket_field_history", ["ticket_id", "id"]) == history


def test_the_time_of_a_rating_and_a_comment_made_private_come_from_audits(
    fetched: Fetched, zendesk: FakeZendesk
) -> None:
    ticket = zendesk.tickets[0]
    ticket["satisfaction_rating"] = {"id": 7, "score": "good"}
    rated = {"type": "Change", "field_name": "satisfaction_score", "value": "good"}
    zendesk.audit(ticket["id"], "2025-12-01T10:00:00Z", 3, rated)
    zendesk.audit(
        ticket["id"],
        "2025-12-01T11:00:00Z",
        1,
        {"type": "Comment", "public": True, "id": 42, "author_id": 1},
    )
    hidden = {"type": "CommentPrivacyChange", "comment_id": 42, "public": False}
    zendesk.audit(ticket["id"], "2025-12-01T12:00:00Z", 1, hidden)
    fetched.fetch(FIRST)
    raw = fetched.load()
    rating = raw.query(
        "select satisfaction_rating->>'updated_at' from raw_zendesk.ticket"
        f" where id = {ticket['id']}"
    )
    assert rating == [("2025-12-01T10:00:00Z",)]
    assert raw.query("select public from raw_zendesk.ticket_comment where id = 42") == [(False,)]


def test_a_token_of_no_administrator_is_told_what_it_needs(
    fetched: Fetched, zendesk: FakeZendesk
) -> None:
    zendesk.denied = "incremental"
    with pytest.raises(ConnectError, match=r"Zendesk, users: .*403.*administrator"):
        fetched.fetch(FIRST)
    seen = {sight.name: sight.seen for sight in check(fetched.road)}
    assert seen == {"organizations": True, "users": False, "tickets": False}
    assert fetched.files()[-1].startswith("organization/")


def test_a_long_fetch_of_tickets_goes_on_where_it_was_killed(
    fetched: Fetched, zendesk: FakeZendesk, tmp_path: Path
) -> None:
    count = len(zendesk.tickets)
    assert count > 18

    def broken(_: int, __: Request) -> None:
        if len(set(zendesk.paths("/audits"))) == 15:
            zendesk.fail("/audits", Answer(status=400))

    zendesk.before = broken
    with pytest.raises(ConnectError, match="Zendesk, tickets: the request is refused"):
        fetched.fetch(FIRST)
    # Two pages of six are whole; of the third, nothing is there.
    parts = [name for name in fetched.files() if name.startswith("ticket/")]
    assert parts == ["ticket/20260101T000000Z.jsonl", "ticket/20260101T000000Z_00001.jsonl"]
    zendesk.before = lambda *_: None
    zendesk.faults.clear()
    asked = len(zendesk.asked)
    report = fetched.fetch(FIRST + timedelta(minutes=5))
    # The last ticket of a page may be one of several of its second.
    again = {each.path for each in zendesk.asked[asked:] if "/audits" in each.path}
    assert len(again) <= count - 12 + 1
    assert report.rows["ticket"] >= count
    raw = fetched.load()
    assert len(raw.rows("ticket", ["id"])) == count
    other = Fetched(fetched.road, tmp_path / "other")
    other.fetch(FIRST)
    assert_same(raw, other.load())
