"""PostHog by its API: the rows that a batch export gives, and what comes since."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from orchestration.connectors import posthog as connector
from orchestration.connectors.engine import check
from orchestration.connectors.road import ConnectError
from tests.python.connect.company import Fetched, Raw, at, road
from tests.python.connect.exported import events, from_api, from_files
from tests.python.connect.fake_posthog import KEY, PROJECT, FakePosthog
from tests.python.connect.server import Answer, Request

pytestmark = pytest.mark.long

FIRST, SECOND, THIRD = at("2025-07-01T06:00"), at("2025-07-02T06:00"), at("2025-07-03T06:00")
AS_OF = date(2025, 7, 3)
OPTIONS = {"project_id": PROJECT}
ALPHA = {"$groups": {"company": "S-1"}}


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connector, "ROWS_OF_A_PAGE", 3)


@pytest.fixture
def posthog() -> Iterator[FakePosthog]:
    with FakePosthog() as fake:
        seed(fake)
        yield fake


@pytest.fixture
def fetched(posthog: FakePosthog, tmp_path: Path) -> Fetched:
    return fetched_of(posthog, tmp_path / "home")


def fetched_of(fake: FakePosthog, home: Path, key: str = KEY, **options: str | int) -> Fetched:
    more = {**OPTIONS, **options}
    return Fetched(road("posthog", f"{fake.url}/", key, options=more), home)


def seed(fake: FakePosthog) -> None:
    fake.capture("report built", "u-1", "2025-03-05 10:00:00.123456", rows=30, **ALPHA)
    fake.capture("café opened", "u-2", "2025-03-05 23:30:00", share=0.25, tags=["a", {"b": None}])
    fake.capture("$groupidentify", "u-1", "2025-03-05 10:00:00")
    fake.capture("$pageview", "anonymous", "2025-04-01 08:00:00", **{"$groups": {"project": "P"}})
    for number in range(8):
        # They happened one after the other and came at the same moment.
        happened = f"2025-06-30 09:0{number}:00"
        late = at("2025-06-30T09:30") - at(happened)
        fake.capture("synced", "u-3", happened, late=late, number=number, **ALPHA)


def ids(raw: Raw) -> int:
    return raw.query("select count(distinct event_id) from raw_files.events")[0][0]


def rows(raw: Raw) -> int:
    return raw.query("select count(*) from raw_files.events")[0][0]


@pytest.mark.road("PostHog", "api")
def test_a_fetch_gives_the_rows_that_a_batch_export_of_the_same_events_gives(
    fetched: Fetched, posthog: FakePosthog, tmp_path: Path
) -> None:
    report = fetched.fetch(FIRST)
    raw = from_api(fetched, AS_OF)
    export = {"posthog-events.jsonl": posthog.batch_export().encode()}
    other = from_files("posthog", export, tmp_path / "other", AS_OF)
    assert events(raw) == events(other)
    assert rows(raw) == rows(other) == 11
    assert (raw.said(), raw.rejects(), report.notes) == ([], [], [])


def test_an_event_that_came_long_after_it_happened_is_fetched(
    fetched: Fetched, posthog: FakePosthog
) -> None:
    fetched.fetch(FIRST)
    from_api(fetched, AS_OF)
    late = at("2025-07-01T20:00") - at("2024-11-01")
    key = posthog.capture("offline", "u-1", "2024-11-01 00:00:00", late=late, **ALPHA)
    # It was on its way when the first fetch asked for the time of its arrival.
    before = at("2025-06-30T23:00") - at("2025-06-30T22:00")
    way = posthog.capture("slow", "u-1", "2025-06-30 22:00:00", late=before, **ALPHA)
    assert fetched.fetch(SECOND).rows == {"events": 2}
    raw = from_api(fetched, AS_OF)
    assert {key, way} <= {row[0] for row in events(raw, "event_id")}
    assert rows(raw) == 13


def test_what_comes_again_is_one_and_what_changed_counts_as_it_is_now(
    fetched: Fetched, posthog: FakePosthog
) -> None:
    fetched.fetch(FIRST)
    before = rows(from_api(fetched, AS_OF))
    posthog.merge("u-3", into="u-1")
    assert fetched.fetch(SECOND).rows == {}
    assert rows(from_api(fetched, AS_OF)) == before
    again = at("2025-07-02T07:00") - at("2025-06-30T09:00")
    posthog.capture("synced", "u-3", "2025-06-30 09:00:00", late=again, key=5, number=9, **ALPHA)
    assert fetched.fetch(THIRD).rows == {"events": 1}
    raw = from_api(fetched, AS_OF)
    assert ids(raw) == before
    assert events(raw, "properties ->> '$.number'")[3:5] == [("9",), ("1",)]
    assert raw.said() == []


def test_all_that_was_fetched_is_loaded_anew_and_said_to_be_sound(
    fetched: Fetched, posthog: FakePosthog
) -> None:
    fetched.fetch(FIRST)
    fetched.road = road("posthog", f"{posthog.url}/", KEY, options={"project_id": str(PROJECT)})
    assert fetched.fetch(SECOND).rows["events"] == 12
    raw = from_api(fetched, AS_OF)
    assert (rows(raw), raw.said(), raw.rejects()) == (11, [], [])


def test_a_fetch_that_broke_goes_on_behind_what_was_whole(
    fetched: Fetched, posthog: FakePosthog
) -> None:
    asked = 0

    def broken(_: int, request: Request) -> None:
        nonlocal asked
        asked += "from events" in request.body
        if asked == 5:
            posthog.fail("/query/", Answer({"detail": "gone"}, status=500), times=6)
            asked += 1

    posthog.before = broken
    with pytest.raises(ConnectError, match=r"PostHog, events: .*error of its own \(500\)"):
        fetched.fetch(FIRST)
    whole = [name for name in fetched.files() if name.startswith("events/")]
    assert whole
    assert not any("/." in name for name in whole)
    posthog.before = lambda *_: None
    first = len(posthog.asked)
    fetched.fetch(FIRST + timedelta(minutes=5))
    again = [request.body for request in posthog.asked[first:]]
    assert not any("2025-03-05" in body for body in again)
    assert rows(from_api(fetched, AS_OF)) == 11


def test_a_page_without_its_rows_keeps_nothing_of_it(
    fetched: Fetched, posthog: FakePosthog
) -> None:
    posthog.scopes -= {"group:read"}
    cut = {"columns": ["uuid"], "query_status": {"complete": False}}
    posthog.fail("/query/", Answer(cut))
    with pytest.raises(ConnectError, match="PostHog, events: the answer has no list 'results'"):
        fetched.fetch(FIRST)
    posthog.fail("/query/", Answer({"results": [[1]] * 9}, cut="with its own length"))
    posthog.fail("/query/", Answer({}, status=429, headers={"Retry-After": "0"}), times=2)
    fetched.fetch(FIRST)
    assert rows(from_api(fetched, AS_OF)) == 11


def test_a_start_leaves_out_what_happened_before_it(posthog: FakePosthog, tmp_path: Path) -> None:
    late = at("2025-06-29") - at("2024-11-01")
    posthog.capture("offline", "u-1", "2024-11-01 00:00:00", late=late, **ALPHA)
    way = road("posthog", f"{posthog.url}/", KEY, options=OPTIONS, start=date(2025, 4, 1))
    fetched = Fetched(way, tmp_path / "home")
    fetched.fetch(FIRST)
    assert rows(from_api(fetched, AS_OF)) == 9


def test_late_days_bound_how_late_an_event_may_come(posthog: FakePosthog, tmp_path: Path) -> None:
    fetched = fetched_of(posthog, tmp_path / "home", late_days=30)
    assert fetched.fetch(FIRST).rows["events"] == 12
    for happened in ("2025-06-10", "2024-11-01"):
        late = at("2025-07-01T20:00") - at(happened)
        posthog.capture("offline", "u-1", f"{happened} 00:00:00", late=late, **ALPHA)
    assert fetched.fetch(SECOND).rows == {"events": 1}


def test_the_type_of_group_that_is_an_account_is_an_option(
    posthog: FakePosthog, tmp_path: Path
) -> None:
    posthog.group_types = ["project", "organization"]
    # An SDK of one's own may write the key by its index alone.
    posthog.capture("by index", "u-9", "2025-06-29 00:00:00", **{"$group_1": "O-7"})
    posthog.capture("by name", "u-9", "2025-06-29 00:00:01", **{"$groups": {"organization": "O-8"}})
    fetched = fetched_of(posthog, tmp_path / "a", group_type="organization")
    fetched.fetch(FIRST)
    found = events(from_api(fetched, AS_OF), "event_name", "account_id")
    assert found[-2:] == [("by index", "O-7"), ("by name", "O-8")]
    # Without the option there is no such type: said once, and events go on.
    other = fetched_of(posthog, tmp_path / "b")
    said = "there is no type of group 'company'; there is: project, organization. Say which one"
    assert said in other.fetch(FIRST).notes[0]
    assert other.fetch(SECOND).notes == []
    wrong = fetched_of(posthog, tmp_path / "c", group_type="organisation")
    with pytest.raises(ConnectError, match="'organisation'; did you mean organization"):
        wrong.fetch(FIRST)


def test_groups_are_accounts_where_posthog_speaks_for_crm(
    fetched: Fetched, posthog: FakePosthog
) -> None:
    for number in range(5):
        posthog.group(0, f"S-{number}", name=f"Company {number}")
    posthog.group(0, "it's", industry="Trade")
    posthog.group(1, "P-1", name="A project")
    fetched.fetch(FIRST)
    raw = fetched.load(AS_OF)
    names = dict(raw.rows("accounts", ["account_id", "account_name"]))
    assert names == {f"S-{n}": f"Company {n}" for n in range(5)} | {"it's": "it's"}
    posthog.group(0, "S-3", name="Renamed")
    assert fetched.fetch(SECOND).rows == {"groups": 1}
    raw = fetched.load(AS_OF)
    newest = (
        "select account_name from raw_files.accounts where account_id = 'S-3'"
        " order by _dlt_load_id desc limit 1"
    )
    assert raw.query(newest) == [("Renamed",)]


def test_columns_say_where_another_account_stands_also_of_what_was_loaded(
    fetched: Fetched, posthog: FakePosthog
) -> None:
    posthog.capture("opened", "u-5", "2025-07-01 20:00:00", account="S-5", **ALPHA)
    fetched.fetch(SECOND)
    before = events(from_api(fetched, AS_OF), "account_id")
    said = {"events": {"account_id": "coalesce(properties ->> '$.account', group_key)"}}
    fetched.road = road("posthog", f"{posthog.url}/", KEY, options=OPTIONS, columns=said)
    raw = from_api(fetched, AS_OF)
    assert events(raw, "account_id") == [*before[:-1], ("S-5",)]
    assert rows(raw) == len(before) + 1


def test_check_says_what_the_key_can_see(fetched: Fetched, posthog: FakePosthog) -> None:
    posthog.group(0, "S-1", name="Alpha")
    seen = {sight.name: (sight.seen, sight.text, sight.tables) for sight in check(fetched.road)}
    groups = "1 of type company, as they are now (types: company, project)"
    assert seen == {
        "groups": (True, groups, ["accounts"]),
        "events": (True, "12 events, from 2025-03-05 to 2025-06-30", ["events"]),
    }
    posthog.scopes -= {"group:read"}
    seen = {sight.name: (sight.seen, sight.text, sight.required) for sight in check(fetched.road)}
    assert seen["events"][0]
    is_seen, text, is_required = seen["groups"]
    assert (is_seen, is_required) == (False, False)
    assert "scopes query:read and group:read" in text


def test_a_refused_key_and_a_project_that_is_not_there_say_what_to_do(
    posthog: FakePosthog, tmp_path: Path
) -> None:
    old = fetched_of(posthog, tmp_path / "a", key="phx_expired")
    with pytest.raises(
        ConnectError, match=r"the key is refused \(401\).*Personal API keys"
    ) as told:
        old.fetch(FIRST)
    assert "phx_expired" not in str(told.value)
    other = fetched_of(posthog, tmp_path / "b", project_id=1)
    with pytest.raises(ConnectError, match=r"PostHog, events: .*\(404\).*Check project_id"):
        other.fetch(FIRST)


def test_an_empty_project_is_no_fault(tmp_path: Path) -> None:
    with FakePosthog() as fake:
        fetched = fetched_of(fake, tmp_path / "home")
        assert fetched.fetch(FIRST).rows == {}
        assert [sight.text for sight in check(fetched.road)][1] == "none yet"
        fake.capture("first", "u-1", "2025-07-01 20:00:00", **ALPHA)
        fetched.fetch(SECOND)
        assert rows(from_api(fetched, AS_OF)) == 1
