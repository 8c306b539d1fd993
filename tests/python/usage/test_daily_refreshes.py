"""Usage built day by day: the same rows as built at once, and the rows an oracle counts."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from .company import (
    ADOPTION,
    BUILT,
    CHAMPIONS,
    DAYS,
    FEATURE_WEEKS,
    GROUPS,
    KNOWN_USAGE,
    LATE_USER,
    MEMBERS,
    MOVED_USER,
    Company,
    day,
    simulate,
)
from .features_oracle import adoption, feature_weeks
from .oracle import account_days, known_days, known_events, with_groups

pytestmark = pytest.mark.long

MAPPED_LATE = 44
BACKDATED = MOVED_USER
LAST = DAYS - 1
ACCOUNTS_AT_THE_END = {group: account or "A" for group, account in GROUPS.items()}
LICENCES = [
    ("A", "prod_Workspace", 8, date(2024, 6, 1), None),
    ("A", "prod_Insights", 8, date(2025, 2, 1), date(2025, 3, 1)),
    ("B", "prod_Workspace", 3, date(2024, 6, 1), date(2025, 2, 15)),
]
SOLD_BACKDATED = ("C", "prod_Workspace", 5, date(2025, 1, 10), None)


@dataclass
class Grown:
    """A company that was refreshed on some days, and what was delivered to it."""

    company: Company
    tracks: pd.DataFrame

    def events(self, on: int) -> pd.DataFrame:
        """What is known at the end of a day, each event once and with the group it counts for."""
        return with_groups(known_events(self.tracks, day(on)), MEMBERS)


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Grown:
    """Refreshed on days apart, the same day twice, with changes to what the figures rest on."""
    company = Company(tmp_path_factory.mktemp("usage") / "daily")
    company.create()
    tracks = simulate()
    delivered = -1

    def refresh(on: int, until: int | None = None) -> None:
        nonlocal delivered
        company.deliver(tracks, delivered + 1, until or on)
        delivered = until or on
        company.build(day(on))

    refresh(9)
    refresh(10)
    refresh(13)
    refresh(38, until=37)
    refresh(38)  # the files of the day came after the first run of the day
    with company.connection() as connection:
        company.map_group("g3", "A", day(MAPPED_LATE), connection)
    refresh(MAPPED_LATE)
    with company.connection() as connection:
        company.put_user("u3", "g2", day(LATE_USER), connection)
    refresh(LATE_USER)
    with company.connection() as connection:
        company.put_user("u4", "g2", day(50), connection)
        company.sell_item("C", "prod_Workspace", 5, "2025-01-10", connection=connection)
    refresh(BACKDATED)
    refresh(70, until=LAST)  # the raw tables already hold what the as-of date does not know
    refresh(LAST)
    return Grown(company, tracks)


@pytest.fixture(scope="module")
def built_at_once(
    grown: Grown, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[int], Company]:
    """The same raw tables, built from nothing as of a day; do not change it."""
    folder = tmp_path_factory.mktemp("once")

    @cache
    def build(on: int) -> Company:
        company = grown.company.copy(folder / f"{on}")
        company.build(day(on), full_refresh=True)
        return company

    return build


@pytest.mark.parametrize("fact", BUILT)
def test_daily_refreshes_give_the_rows_of_a_full_refresh(
    grown: Grown, built_at_once: Callable[[int], Company], fact: str
) -> None:
    daily, at_once = grown.company.rows(fact), built_at_once(LAST).rows(fact)
    assert len(daily) > 10
    pd.testing.assert_frame_equal(daily, at_once)


@pytest.mark.road("Segment", "files")
def test_usage_is_what_the_oracle_counts(grown: Grown) -> None:
    events = grown.events(LAST)
    expected = account_days(events, ACCOUNTS_AT_THE_END, [*LICENCES, SOLD_BACKDATED], day(LAST))
    found = grown.company.rows("fct_account_usage_day")[list(expected.columns)]
    assert set(found["account_id"]) == {"A", "B", "C", "unassigned"}
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)


@pytest.mark.parametrize("on", [9, 12, 13, 30, 45, 46, 58, 66, 73, LAST])
def test_known_usage_is_what_the_oracle_knew_on_the_day(grown: Grown, on: int) -> None:
    expected = known_days(
        grown.events(on),
        ACCOUNTS_AT_THE_END,
        [*LICENCES, SOLD_BACKDATED],
        CHAMPIONS,
        day(on),
    )
    found = grown.company.rows(KNOWN_USAGE)
    found = found[found["date_day"] == pd.Timestamp(day(on))].reset_index(drop=True)
    assert len(found) == 3
    pd.testing.assert_frame_equal(found[list(expected.columns)], expected, check_dtype=False)


def test_users_are_those_of_the_oracle(grown: Grown) -> None:
    events = grown.events(LAST)
    events["account_id"] = events["group_id"].map(ACCOUNTS_AT_THE_END).fillna("unassigned")
    expected = (
        events[events["user_id"].notna()]
        .assign(usage_date=pd.to_datetime(events["day"]))
        .groupby(["account_id", "user_id", "usage_date"])
        .size()
        .rename("events")
        .reset_index()
    )
    found = grown.company.rows("fct_user_activity_day")
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)


def test_users_of_a_feature_are_those_of_the_oracle(grown: Grown) -> None:
    events = grown.events(LAST)
    expected = feature_weeks(events, ACCOUNTS_AT_THE_END)
    found = grown.company.rows(FEATURE_WEEKS)[list(expected.columns)]
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)


def test_adoption_is_what_the_oracle_counts(grown: Grown) -> None:
    events = grown.events(LAST)
    expected = adoption(events, ACCOUNTS_AT_THE_END, [*LICENCES, SOLD_BACKDATED], day(LAST))
    found = grown.company.rows(ADOPTION)[list(expected.columns)]
    assert set(found["month"].dt.month) == {1, 2, 3}
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)


def test_an_earlier_as_of_date_gives_the_rows_of_that_day(
    grown: Grown, built_at_once: Callable[[int], Company], tmp_path: Path
) -> None:
    company = grown.company.copy(tmp_path / "back")
    company.build(day(30))
    at_once = built_at_once(30)
    for fact in BUILT:
        pd.testing.assert_frame_equal(company.rows(fact), at_once.rows(fact))
    company.build(day(LAST))
    for fact in BUILT:
        pd.testing.assert_frame_equal(company.rows(fact), grown.company.rows(fact))
