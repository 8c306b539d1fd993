"""Amplitude by its API: the rows that an export gives, by the hours of upload."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from orchestration.connectors.engine import check
from orchestration.connectors.road import ConnectError
from tests.python.connect.company import Fetched, at, road
from tests.python.connect.exported import events, from_api, from_files
from tests.python.connect.fake_amplitude import KEY, FakeAmplitude
from tests.python.connect.server import Answer, Request

pytestmark = pytest.mark.long

FIRST, SECOND = at("2025-07-01T06:20"), at("2025-07-02T06:20")
AS_OF, START = date(2025, 7, 2), date(2025, 6, 27)
BETA = {"company": ["S-2"]}


@pytest.fixture
def amplitude() -> Iterator[FakeAmplitude]:
    with FakeAmplitude(FIRST) as fake:
        fake.track("café opened", "2025-06-27 10:05:00", user_id="u-2", groups=BETA,
                   event_properties={"rows": 4, "share": 0.25, "Ort": "Köln"})  # fmt: skip
        fake.track("sync_done", "2025-03-01 10:07:00", "2025-06-28 12:00:00", groups=BETA)
        fake.track("page_seen", "2025-06-28 12:30:00")
        fake.track("both", "2025-06-30 23:00:00", user_id="u-2",
                   groups={"company": ["S-1", "S-2"]})  # fmt: skip
        for minute in range(10, 16):
            fake.track("clicked", f"2025-06-30 10:{minute}:00", user_id="u-1")
        yield fake


@pytest.fixture
def fetched(amplitude: FakeAmplitude, tmp_path: Path) -> Fetched:
    return fetched_of(amplitude, tmp_path / "home")


def fetched_of(fake: FakeAmplitude, home: Path, key: str = KEY) -> Fetched:
    return Fetched(road("amplitude", f"{fake.url}/", key, start=START), home)


@pytest.mark.road("Amplitude", "api")
def test_a_fetch_gives_the_rows_that_an_export_of_the_same_hours_gives(
    fetched: Fetched, amplitude: FakeAmplitude, tmp_path: Path
) -> None:
    fetched.fetch(FIRST)
    raw = from_api(fetched, AS_OF)
    export = {"amplitude.zip": amplitude.export(at("2025-06-27"), FIRST) or b""}
    other = from_files("amplitude", export, tmp_path / "other", AS_OF)
    assert events(raw) == events(other)
    assert len(events(raw)) == 8
    # An event of two companies is rejected by both.
    reasons = [raw.rejects(), other.rejects()]
    assert "several companies" in reasons[0][0][1]
    assert reasons[0] == reasons[1]


def test_an_event_is_fetched_when_its_hour_can_be_had_and_only_once(
    fetched: Fetched, amplitude: FakeAmplitude
) -> None:
    amplitude.track("early", "2025-07-01 03:59:00", user_id="u-1")
    amplitude.track("not yet", "2025-07-01 04:00:00", user_id="u-1")
    assert fetched.fetch(FIRST).rows == {"events": 11}
    before = len(events(from_api(fetched, AS_OF)))
    # It happened long ago, and came since.
    amplitude.track("offline", "2024-12-24 10:00:00", "2025-07-01 20:00:00", user_id="u-1")
    amplitude.now = SECOND
    assert fetched.fetch(SECOND).rows == {"events": 2}
    raw = from_api(fetched, AS_OF)
    names = [row[0] for row in events(raw, "event_name")]
    assert len(names) == before + 2
    assert names[-2:] == ["not yet", "offline"]
    assert fetched.fetch(SECOND + timedelta(minutes=9)).rows == {}


def test_a_day_that_is_too_large_is_fetched_by_less(
    fetched: Fetched, amplitude: FakeAmplitude
) -> None:
    amplitude.track("clicked", "2025-06-30 20:00:00", user_id="u-1")
    amplitude.largest = 6
    fetched.fetch(FIRST)
    assert len(events(from_api(fetched, AS_OF))) == 9
    amplitude.largest = 5
    other = fetched_of(amplitude, fetched.home.parent / "b")
    with pytest.raises(ConnectError, match=r"hour from 2025-06-30 10:00 on .*4 GB.*S3.*road:"):
        other.fetch(FIRST)


def test_a_cut_archive_a_limit_and_a_kill_lose_nothing(
    fetched: Fetched, amplitude: FakeAmplitude
) -> None:
    whole = amplitude.export(at("2025-06-27"), at("2025-06-28")) or b""
    for cut in ("with its own length", "with the length of the whole"):
        amplitude.fail("/export", Answer(whole, cut=cut))
    amplitude.fail("/export", Answer({}, status=429, headers={"Retry-After": "0"}), times=2)

    def broken(number: int, _: Request) -> None:
        if number == 7:
            amplitude.fail("/export", Answer({}, status=503), times=6)

    amplitude.before = broken
    with pytest.raises(ConnectError, match=r"Amplitude, events: .*error of its own \(503\)"):
        fetched.fetch(FIRST)
    amplitude.before = lambda *_: None
    first = len(amplitude.asked)
    fetched.fetch(FIRST + timedelta(minutes=5))
    assert amplitude.asked[first].one("start") == "20250629T00"
    assert len(events(from_api(fetched, AS_OF))) == 8


def test_check_a_refused_key_and_a_missing_start_say_what_to_do(
    fetched: Fetched, amplitude: FakeAmplitude
) -> None:
    (sight,) = check(fetched.road)
    assert (sight.seen, sight.tables) == (True, ["events"])
    assert "from the start on; 0 in the hour from" in sight.text
    old = fetched_of(amplitude, fetched.home, key="old_secret")
    with pytest.raises(ConnectError, match=r"refused \(401\).*analytics\.eu\.") as told:
        old.fetch(FIRST)
    assert "old_secret" not in str(told.value)
    never = Fetched(road("amplitude", f"{amplitude.url}/", KEY), fetched.home)
    with pytest.raises(ConnectError, match=r"does not tell when its events begin.*start: 2024"):
        never.fetch(FIRST)
