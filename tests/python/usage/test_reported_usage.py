"""Usage that a company brings in canonical files: single events, and counts per day."""

from pathlib import Path

import pandas as pd
import pytest

from .company import Company, day, insert

pytestmark = pytest.mark.long

COLUMNS = ["usage_date", "events", "active_users_1d", "active_users_7d", "active_users_28d"]


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """A has single events, B counts by user, C counts without users."""
    company = Company(tmp_path_factory.mktemp("reported") / "home", product_source="files")
    company.create()
    with company.connection() as connection:
        for line, (account, user, at) in enumerate(
            [("A", "u1", 0), ("A", "u2", 1), ("A", "u1", 1), ("nobody", "u9", 1)]
        ):
            insert(
                connection, "raw_files.events", line,
                event_id=f"e{line}", account_id=account, user_id=user, event_name="report_viewed",
                occurred_at=f"{day(at)} 10:00:00",
            )  # fmt: skip
        for line, (account, user, users, at, count) in enumerate(
            [
                ("B", "u1", None, 0, 4),
                ("B", "u2", None, 0, 2),
                ("B", "u1", None, 2, 1),
                ("C", None, 3, 0, 9),
                ("C", None, 5, 2, 7),
                ("A", None, 50, 1, 99),
                ("C", None, 8, 5, 11),
            ]
        ):
            insert(
                connection, "raw_files.usage_daily", line,
                account_id=account, usage_date=day(at).isoformat(), event_name="comment_added",
                event_count=count, active_users=users, user_id=user,
            )  # fmt: skip
    company.build(day(2))
    return company


def usage(company: Company, account: str) -> pd.DataFrame:
    rows = company.rows("fct_account_usage_day")
    return rows[rows["account_id"] == account].reset_index(drop=True)


def test_single_events_win_over_a_report_of_the_day(reported: Company) -> None:
    assert list(usage(reported, "A")["events"]) == [1, 2, 0]


def test_usage_reported_by_user_counts_users(reported: Company) -> None:
    rows = usage(reported, "B")
    assert list(rows["events"]) == [6, 0, 1]
    assert list(rows["active_users_1d"]) == [2, 0, 1]
    assert list(rows["active_users_28d"]) == [2, 2, 2]


def test_usage_reported_without_users_has_no_users_of_a_month(reported: Company) -> None:
    rows = usage(reported, "C")
    assert list(rows["events"]) == [9, 0, 7]
    assert list(rows["active_users_1d"]) == [3, 0, 5]
    assert rows["active_users_28d"].isna().all()
    assert rows["stickiness_28d"].isna().all()
    assert list(rows["key_features_active_28d"]) == [1, 1, 1]


def test_unknown_accounts_are_unassigned(reported: Company) -> None:
    assert list(usage(reported, "unassigned")["events"]) == [1, 0]


def test_the_next_day_gives_the_rows_of_a_full_refresh(reported: Company, tmp_path: Path) -> None:
    daily, at_once = reported.copy(tmp_path / "daily"), reported.copy(tmp_path / "at_once")
    for company in (daily, at_once):
        with company.connection() as connection:
            insert(
                connection, "raw_files.events", 1,
                event_id="e1", account_id="A", user_id="u3", event_name="report_viewed",
                occurred_at=f"{day(3)} 10:00:00", _dlt_load_id="1600000009",
            )  # fmt: skip
    daily.build(day(6))
    at_once.build(day(6), full_refresh=True)
    rows = daily.rows("fct_account_usage_day")
    pd.testing.assert_frame_equal(rows, at_once.rows("fct_account_usage_day"))
    # The correction moved the event of u2 from the second day to the fourth, and to u3.
    assert list(usage(daily, "A")["events"]) == [1, 1, 0, 1, 0, 0, 0]
    assert list(usage(daily, "C")["events"]) == [9, 0, 7, 0, 0, 11, 0]
