"""Intercom by its API: the rows that Fivetran's tables give, and what changes between fetches."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from orchestration.connectors.engine import check
from orchestration.connectors.road import ConnectError
from orchestration.loads import Landed
from tests.python.connect.company import Fetched, Raw, at, filling, loaded, road
from tests.python.connect.fake_intercom import TOKEN, FakeIntercom
from tests.python.connect.server import Answer, Request
from tests.python.landed.fivetran_intercom import ROWS, SYNCED, TABLES
from tests.python.landed.landing import land

pytestmark = pytest.mark.long

FIRST, SECOND, THIRD = at("2025-06-30"), at("2025-07-01"), at("2025-07-02")
OLD, NEW = int(at("2025-06-01T10:00:00").timestamp()), int(at("2025-06-03T10:00:00").timestamp())
AS_OF = date(2025, 6, 30)
STATES = (
    "select ticket_id, arg_max(status, updated_at) from raw_files.tickets group by 1 order by 1"
)


def seed(fake: FakeIntercom) -> None:
    """The company that Fivetran lands, as it is now."""
    for row in ROWS["company_history"]:
        fake.companies[row["id"]] = {
            "id": row["id"],
            "company_id": row["company_id"],
            "custom_attributes": {"crm_id": row["crm_id"]},
            "updated_at": OLD,
        }
    fake.contacts["ann"] = {"id": "ann", "role": "user", "companies": ["c1"], "updated_at": OLD}
    fake.converse("1", OLD, "closed", priority="priority", conversation_rating={"rating": 5})
    row = fake.conversations["1"]
    row["source"]["type"] = "email"
    row["contacts"]["contacts"] = [{"type": "contact", "id": "ann"}]
    moments = {"2025-06-01 10:00:00+00": OLD, "2025-06-03 10:00:00+00": NEW}
    for part in ROWS["conversation_part_history"]:
        to = {"assigned_to": {"type": "admin", "id": "7"}} if "assigned_to_id" in part else {}
        when = moments[part["created_at"]]
        fake.say("1", str(part["id"]), when, part["part_type"], part["author_type"], **to)
    fake.converse("2", OLD, "snoozed", priority=None, conversation_rating={"rating": 3})
    fake.conversations["2"]["source"] = None


@pytest.fixture
def intercom() -> Iterator[FakeIntercom]:
    with FakeIntercom(page=2) as fake:
        seed(fake)
        yield fake


@pytest.fixture
def fetched(intercom: FakeIntercom, tmp_path: Path) -> Fetched:
    return Fetched(road("intercom", f"{intercom.url}/", TOKEN), tmp_path / "home")


@pytest.mark.road("Intercom", "api")
def test_a_fetch_gives_the_rows_that_landed_tables_give(fetched: Fetched, tmp_path: Path) -> None:
    report = fetched.fetch(FIRST)
    raw = fetched.load(AS_OF)
    for table, columns in TABLES.items():
        parts = {"conversation_id": 1} if table == "conversation_part_history" else {}
        rows = [{"_fivetran_synced": SYNCED, **parts, **row} for row in ROWS[table]]
        land(tmp_path / "landed.duckdb", "intercom", table, columns, rows)
    landed = Landed.of("fivetran", tmp_path / "landed.duckdb", "intercom")
    other = loaded(
        "files", tmp_path / "none", tmp_path / "other", 1, AS_OF, **filling("intercom", landed)
    )
    for table in ("tickets", "ticket_events"):
        columns = sorted(other.columns(table))
        assert raw.rows(table, columns) == other.rows(table, columns), table
        assert raw.rows(table, columns), table
    assert raw.rejects() == []
    assert report.notes == []


def test_texts_of_messages_are_not_kept(fetched: Fetched) -> None:
    fetched.fetch(FIRST)
    kept = "".join(path.read_text() for path in fetched.folder.glob("*/*.jsonl"))
    assert "ecret" not in kept


def test_what_changed_since_is_read_again_and_what_did_not_is_not(
    fetched: Fetched, intercom: FakeIntercom
) -> None:
    late = int(at("2025-06-29T23:30:00").timestamp())
    intercom.converse("3", late)
    fetched.fetch(FIRST)
    fetched.load(AS_OF)
    # Changed on the day of the last fetch, which the search does not tell from the time before it.
    changed = int(at("2025-06-30T00:30:00").timestamp())
    intercom.converse("1", changed, "open")
    asked = len(intercom.asked)
    report = fetched.fetch(SECOND)
    again = {each.path for each in intercom.asked[asked:]}
    assert report.rows["conversations"] == 1
    assert "/conversations/1" in again
    assert "/conversations/3" not in again
    raw = fetched.load(AS_OF)
    assert raw.query(STATES) == [("1", "open"), ("2", "snoozed"), ("3", "open")]
    assert "conversations" not in fetched.fetch(THIRD).rows


def test_a_change_within_minutes_of_the_last_fetch_is_asked_for_once_more(
    fetched: Fetched, intercom: FakeIntercom
) -> None:
    moment = int(at("2025-06-29T23:59:59").timestamp())
    intercom.converse("3", moment)
    fetched.fetch(FIRST)
    # In the same second, after it was read.
    intercom.converse("3", moment, "closed")
    fetched.fetch(SECOND)
    raw = fetched.load(AS_OF)
    found = raw.query("select status from raw_files.tickets where ticket_id = '3'")
    assert found == [("closed",)]


def test_an_open_conversation_that_was_deleted_is_open_no_more(
    fetched: Fetched, intercom: FakeIntercom
) -> None:
    fetched.fetch(FIRST)
    fetched.load(AS_OF)
    del intercom.conversations["2"]
    fetched.fetch(SECOND)
    raw = fetched.load(AS_OF)
    assert raw.query(STATES) == [("1", "closed"), ("2", "deleted")]
    assert "conversations" not in fetched.fetch(THIRD).rows


def test_a_conversation_that_moves_while_pages_are_read_is_there_with_its_last_state(
    fetched: Fetched, intercom: FakeIntercom
) -> None:
    for number in range(3, 9):
        intercom.converse(str(number), NEW + number)
    pages = 0

    def meanwhile(_: int, request: Request) -> None:
        nonlocal pages
        if request.path.endswith("search"):
            pages += 1
            if pages == 2:
                intercom.converse("4", NEW + 900, "closed")

    intercom.before = meanwhile
    fetched.fetch(FIRST)
    found = dict(fetched.load(AS_OF).query(STATES))
    assert sorted(found) == [str(number) for number in range(1, 9)]
    assert found["4"] == "closed"


def test_equal_times_at_the_edge_of_pages_lose_nothing(
    fetched: Fetched, intercom: FakeIntercom
) -> None:
    for number in range(10, 17):
        intercom.converse(str(number), NEW)
    fetched.fetch(FIRST)
    assert len(fetched.load(AS_OF).query(STATES)) == 9


def test_a_long_fetch_goes_on_where_it_was_killed(fetched: Fetched, intercom: FakeIntercom) -> None:
    for number in range(10, 20):
        intercom.converse(str(number), NEW + number * 86_400)
    intercom.fail("/conversations/17", Answer(status=400), times=1)
    with pytest.raises(ConnectError, match="Intercom, conversations: the request is refused"):
        fetched.fetch(at("2025-07-30"))
    asked = len(intercom.asked)
    fetched.fetch(at("2025-07-30") + timedelta(minutes=5))
    again = [each.path for each in intercom.asked[asked:] if "/conversations/1" in each.path]
    assert again == [f"/conversations/1{number}" for number in (6, 7, 8, 9)]
    assert len(fetched.load(date(2025, 7, 30)).query(STATES)) == 12


def test_a_company_that_the_list_leaves_out_is_asked_for(
    fetched: Fetched, intercom: FakeIntercom
) -> None:
    intercom.hidden = {"c1"}
    fetched.fetch(FIRST)
    accounts = "select account_id from raw_files.tickets where ticket_id = '1'"
    assert fetched.load(AS_OF).query(accounts) == [("acme",)]
    assert fetched.fetch(SECOND).rows == {}


def test_a_deleted_company_has_no_conversations(fetched: Fetched, intercom: FakeIntercom) -> None:
    fetched.fetch(FIRST)
    fetched.load(AS_OF)
    del intercom.companies["c1"]
    fetched.fetch(SECOND)
    raw = fetched.load(AS_OF)
    assert _account(raw) == "unassigned"


def test_of_a_person_with_many_companies_all_are_read(
    fetched: Fetched, intercom: FakeIntercom
) -> None:
    for number in range(20, 32):
        key = f"c{number}"
        intercom.companies[key] = {"id": key, "company_id": f"own {key}", "updated_at": OLD}
    intercom.contacts["ann"]["companies"] = [f"c{number}" for number in range(31, 19, -1)]
    fetched.fetch(FIRST)
    assert _account(fetched.load(AS_OF)) == "own c20"


def test_an_attribute_of_the_company_may_name_the_account(
    intercom: FakeIntercom, tmp_path: Path
) -> None:
    columns = {"tickets": {"account_id": "coalesce(companies.company.custom_crm_id, 'unassigned')"}}
    way = road("intercom", f"{intercom.url}/", TOKEN, columns=columns)
    fetched = Fetched(way, tmp_path / "home")
    fetched.fetch(FIRST)
    assert _account(fetched.load(AS_OF)) == "crm1"


def test_of_a_conversation_with_more_parts_than_are_told_the_first_answer_is_intercoms_own(
    fetched: Fetched, intercom: FakeIntercom
) -> None:
    for number in range(600):
        intercom.say("1", f"p{number}", NEW + number, "comment", "user")
    intercom.conversations["1"]["statistics"] = {"first_admin_reply_at": OLD}
    report = fetched.fetch(FIRST)
    assert [note for note in report.notes if "more than 500 parts" in note]
    raw = fetched.load(AS_OF)
    answered = "select first_response_at from raw_files.tickets where ticket_id = '1'"
    assert raw.query(answered) == [(at("2025-06-01T10:00:00").replace(tzinfo=None),)]
    comments = "select event_id from raw_files.ticket_events where field = 'public_comment'"
    assert set(raw.query(comments)) == {("opened",)}


def test_a_start_leaves_out_what_did_not_change_since(
    intercom: FakeIntercom, tmp_path: Path
) -> None:
    way = road("intercom", f"{intercom.url}/", TOKEN, start=date(2025, 6, 10))
    fetched = Fetched(way, tmp_path / "home")
    intercom.converse("3", int(at("2025-06-11T08:00:00").timestamp()))
    fetched.fetch(FIRST)
    assert [row[0] for row in fetched.load(AS_OF).query(STATES)] == ["3"]


def test_a_token_that_may_not_see_companies_or_is_wrong_is_told_what_to_do(
    fetched: Fetched, intercom: FakeIntercom, tmp_path: Path
) -> None:
    intercom.denied = "/companies"
    with pytest.raises(ConnectError, match=r"companies: .*403.*Read and list users and companies"):
        fetched.fetch(FIRST)
    seen = {sight.name: sight.seen for sight in check(fetched.road)}
    assert seen == {"conversations": True, "contacts": True, "companies": False}
    wrong = Fetched(road("intercom", f"{intercom.url}/", "wrong"), tmp_path / "other")
    with pytest.raises(ConnectError, match=r"refused \(401\).*Developer Hub"):
        wrong.fetch(FIRST)


def test_the_limit_of_requests_and_answers_that_are_cut_are_asked_for_again(
    fetched: Fetched, intercom: FakeIntercom
) -> None:
    intercom.fail("/conversations/search", Answer({"errors": []}, status=429), times=2)
    intercom.fail("/conversations/1", Answer({"id": "1"}, cut="with its own length"), times=2)
    intercom.fail("/companies/list", Answer({"data": []}, status=500), times=1)
    fetched.fetch(FIRST)
    assert fetched.load(AS_OF).query(STATES) == [("1", "closed"), ("2", "snoozed")]


def _account(raw: Raw) -> str:
    found = raw.query(
        "select account_id from raw_files.tickets where ticket_id = '1'"
        " order by _dlt_load_id desc limit 1"
    )
    return str(found[0][0])
