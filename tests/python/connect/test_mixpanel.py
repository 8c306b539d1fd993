"""Mixpanel by its API: the rows that a raw export gives, and what comes late."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from orchestration.connectors.engine import check
from orchestration.connectors.road import ConnectError
from tests.python.connect.company import Fetched, at, road
from tests.python.connect.exported import events, from_api, from_files
from tests.python.connect.fake_mixpanel import PROJECT, SECRET, FakeMixpanel
from tests.python.connect.server import Answer, Request

pytestmark = pytest.mark.long

FIRST, SECOND = at("2025-07-01T06:00"), at("2025-07-02T06:00")
AS_OF, START = date(2025, 7, 2), date(2025, 3, 1)


@pytest.fixture
def mixpanel() -> Iterator[FakeMixpanel]:
    with FakeMixpanel(FIRST) as fake:
        seed(fake)
        yield fake


@pytest.fixture
def fetched(mixpanel: FakeMixpanel, tmp_path: Path) -> Fetched:
    return fetched_of(mixpanel, tmp_path / "home")


def fetched_of(
    fake: FakeMixpanel, home: Path, secret: str = SECRET, **options: str | int
) -> Fetched:
    more = {"project_id": PROJECT, **options}
    return Fetched(road("mixpanel", f"{fake.url}/", secret, options=more, start=START), home)


def seed(fake: FakeMixpanel) -> None:
    first = fake.track("Signed in", "2025-03-06 10:00:00", "u-1", company_id="S-1", Ort="Köln")
    # Exported twice, as the documentation says: alike but for the time of processing.
    fake.events.append({**first, "properties": {**first["properties"], "mp_processing_time_ms": 9}})
    fake.track("Nightly sync", "2025-05-06 23:30:00", "", company_id="S-2", rows=0.5)
    fake.track("Page seen", "2025-06-29 10:00:00", "$device:d-9")
    for minute in range(4):
        fake.track("Clicked", f"2025-06-30 10:0{minute}:00", "u-2")


@pytest.mark.road("Mixpanel", "api")
def test_a_fetch_gives_the_rows_that_an_export_of_the_same_days_gives(
    fetched: Fetched, mixpanel: FakeMixpanel, tmp_path: Path
) -> None:
    fetched.fetch(FIRST)
    raw = from_api(fetched, AS_OF)
    export = {"mixpanel-export.jsonl": mixpanel.export()}
    other = from_files("mixpanel", export, tmp_path / "other", AS_OF)
    assert events(raw) == events(other)
    assert len(events(raw)) == 6
    assert (raw.said(), raw.rejects()) == ([], [])
    # 60 requests an hour are allowed.
    assert len(mixpanel.asked) == 5


def test_what_comes_within_a_week_is_fetched_and_what_comes_again_is_one(
    fetched: Fetched, mixpanel: FakeMixpanel
) -> None:
    fetched.fetch(FIRST)
    before = len(events(from_api(fetched, AS_OF)))
    mixpanel.now = SECOND
    mixpanel.track("Late", "2025-06-25 10:00:00", "u-2")
    mixpanel.track("New", "2025-07-01 10:00:00", "u-2")
    # The same event once more, processed again.
    again = mixpanel.events[-3]
    mixpanel.events.append(
        {**again, "properties": {**again["properties"], "mp_processing_time_ms": 7}}
    )
    assert fetched.fetch(SECOND).rows == {"events": 3}
    raw = from_api(fetched, AS_OF)
    assert len(events(raw)) == before + 2
    assert raw.query("select count(*) from raw_files.events") == [(before + 2,)]
    assert raw.said() == []
    assert fetched.fetch(SECOND + timedelta(hours=1)).rows == {}


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo"])
def test_a_project_that_tells_its_own_time_is_read_in_utc(zone: str, tmp_path: Path) -> None:
    now = at("2025-07-01T02:00")
    with FakeMixpanel(now, zone) as fake:
        for moment in ("2025-03-06 03:30:00", "2025-06-30 23:30:00", "2025-07-01 01:30:00"):
            fake.track("Clicked", moment, "u-2")
        fetched = fetched_of(fake, tmp_path / "home", time_zone=zone)
        fetched.fetch(now)
        times = events(from_api(fetched, AS_OF), "occurred_at")
        assert sorted(times) == [
            (datetime(2025, 3, 6, 3, 30),),
            (datetime(2025, 6, 30, 23, 30),),
            (datetime(2025, 7, 1, 1, 30),),
        ]
        wrong = fetched_of(fake, tmp_path / "wrong", time_zone="New York")
        with pytest.raises(ConnectError, match="there is no time zone 'New York'"):
            wrong.fetch(now)


def test_half_an_export_a_limit_and_a_kill_lose_nothing(
    fetched: Fetched, mixpanel: FakeMixpanel
) -> None:
    for cut in ("with its own length", "with the length of the whole"):
        mixpanel.fail("/export", Answer(mixpanel.export(), cut=cut))
    mixpanel.fail("/export", Answer({}, status=429, headers={"Retry-After": "0"}), times=2)

    def broken(number: int, _: Request) -> None:
        if number == 8:
            mixpanel.fail("/export", Answer({"error": "limit"}, status=429), times=6)

    mixpanel.before = broken
    with pytest.raises(ConnectError, match=r"Mixpanel, events: the limit of requests is reached"):
        fetched.fetch(FIRST)
    mixpanel.before = lambda *_: None
    first = len(mixpanel.asked)
    fetched.fetch(FIRST + timedelta(minutes=5))
    # The first ninety days were whole.
    assert mixpanel.asked[first].one("from_date") == "2025-05-30"
    assert len(events(from_api(fetched, AS_OF))) == 6


def test_check_a_refused_key_and_another_project_say_what_to_do(
    fetched: Fetched, mixpanel: FakeMixpanel, tmp_path: Path
) -> None:
    mixpanel.now = at("2100-01-01")
    (sight,) = check(fetched.road)
    assert (sight.seen, sight.tables) == (True, ["events"])
    assert "from the start on; none on" in sight.text
    old = fetched_of(mixpanel, tmp_path / "a", secret="old_secret")
    with pytest.raises(ConnectError, match=r"refused \(401\).*data-eu\.mixpanel\.com") as told:
        old.fetch(FIRST)
    assert "old_secret" not in str(told.value)
    other = fetched_of(mixpanel, tmp_path / "b", project_id=1)
    with pytest.raises(ConnectError, match=r"may not see it.*\(403\).*has no access"):
        other.fetch(FIRST)
