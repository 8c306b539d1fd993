"""Who and what is excluded counts nowhere, single or reported, and counts again without the row."""

from pathlib import Path

import pandas as pd
import pytest

from .company import BUILT, KNOWN_USAGE, Company, day, insert

pytestmark = pytest.mark.long

EXCLUDED_USAGE = "int_product_excluded_usage"


@pytest.fixture(scope="module")
def excluding(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """Our consultant works in A and B, a machine sends heartbeats for C, all of it is excluded."""
    company = Company(tmp_path_factory.mktemp("excluded") / "home", product_source="files")
    company.create()
    with company.connection() as connection:
        for line, (user, account, domain) in enumerate(
            [("us", "A", "ourco.com"), ("u1", "A", "a.example"), ("u2", "B", "b.example")]
        ):
            insert(
                connection, "raw_files.users", line,
                user_id=user, account_id=account, email=f"{user}@{domain}",
            )  # fmt: skip
        for line, (account, user, at, name) in enumerate(
            [
                ("A", "u1", 0, "session_started"),
                ("A", "us", 1, "report_viewed"),
                ("A", "us", 1, "report_viewed"),
                (None, "us", 1, "report_viewed"),
                ("B", "u2", 0, "report_viewed"),
                ("B", "bot", 0, "heartbeat"),
                ("C", "bot", 1, "heartbeat"),
            ]
        ):
            insert(
                connection, "raw_files.events", line,
                event_id=f"e{line}", account_id=account, user_id=user, event_name=name,
                occurred_at=f"{day(at)} 10:00:00",
            )  # fmt: skip
        for line, (account, user, at, name, count) in enumerate(
            [
                ("B", "us", 1, "comment_added", 7),
                ("B", None, 1, "heartbeat", 50),
                ("B", "u2", 2, "session_started", 2),
            ]
        ):
            insert(
                connection, "raw_files.usage_daily", line,
                account_id=account, usage_date=day(at).isoformat(), event_name=name,
                event_count=count, user_id=user,
            )  # fmt: skip
    company.dbt("seed")
    with company.connection() as connection:
        connection.execute(
            "insert into seeds.excluded_users values ('email_domain', 'ourco.com', 'staff')"
        )
        connection.execute("insert into seeds.excluded_events values ('heartbeat', 'machine')")
    company.build(day(2))
    company.dbt("run", "--select", EXCLUDED_USAGE)
    return company


def usage(company: Company, account: str) -> pd.DataFrame:
    rows = company.rows("fct_account_usage_day")
    return rows[rows["account_id"] == account].reset_index(drop=True)


def test_what_is_excluded_is_in_no_figure(excluding: Company) -> None:
    a, b = usage(excluding, "A"), usage(excluding, "B")
    assert list(a["events"]) == [1, 0, 0]
    assert list(a["active_users_28d"]) == [1, 1, 1]
    assert list(a["key_features_active_28d"]) == [0, 0, 0]
    assert list(b["events"]) == [1, 0, 2]
    assert list(b["active_users_28d"]) == [1, 1, 1]
    assert list(b["key_features_active_28d"]) == [1, 1, 1]
    assert usage(excluding, "C").empty


def test_health_does_not_know_it_either(excluding: Company) -> None:
    rows = excluding.rows(KNOWN_USAGE).set_index(["account_id", "date_day"])
    last = pd.Timestamp(day(2))
    assert rows.loc[("A", last), "events_28d"] == 1
    assert rows.loc[("A", last), "key_features_activated_28d"] == 0
    assert rows.loc[("B", last), "events_28d"] == 3
    assert rows.loc[("B", last), "key_features_activated_28d"] == 1
    assert "C" not in rows.index.get_level_values(0)


def test_a_feature_that_only_we_used_is_not_introduced(excluding: Company) -> None:
    introduced = excluding.rows("int_product_key_features").set_index("feature")["introduced_on"]
    assert dict(introduced) == {"reports": pd.Timestamp(day(0))}


def test_it_is_counted_apart(excluding: Company) -> None:
    found = excluding.rows(EXCLUDED_USAGE)[["kind", "account_id", "name", "events"]]
    assert sorted(found.itertuples(index=False, name=None)) == [
        ("event", "B", "heartbeat", 51),
        ("event", "C", "heartbeat", 1),
        ("user", "A", "us", 3),
        ("user", "B", "us", 7),
    ]


@pytest.mark.parametrize(
    "seed", [pytest.param("excluded_events", marks=pytest.mark.nightly), "excluded_users"]
)
def test_what_is_excluded_no_longer_counts_again(
    excluding: Company, tmp_path: Path, seed: str
) -> None:
    """Without its row, the next refresh gives what a full one does. It used to fail."""
    daily, at_once = excluding.copy(tmp_path / "daily"), excluding.copy(tmp_path / "at_once")
    for company in (daily, at_once):
        with company.connection() as connection:
            connection.execute(f"delete from seeds.{seed}")
    daily.build(day(3))
    at_once.build(day(3), full_refresh=True)
    for model in BUILT:
        pd.testing.assert_frame_equal(daily.rows(model), at_once.rows(model))
    if seed == "excluded_events":
        assert list(usage(daily, "B")["events"]) == [2, 50, 2, 0]
        assert list(usage(daily, "C")["events"]) == [1, 0, 0]
    else:
        assert list(usage(daily, "A")["events"]) == [1, 3, 0, 0]
        assert list(usage(daily, "A")["key_features_active_28d"]) == [0, 1, 1, 1]


def test_excluding_somebody_later_takes_the_past_too(excluding: Company, tmp_path: Path) -> None:
    daily = excluding.copy(tmp_path / "daily")
    with daily.connection() as connection:
        connection.execute("insert into seeds.excluded_users values ('user_id', 'u2', 'test')")
    daily.build(day(3))
    assert set(daily.rows("fct_account_usage_day")["account_id"]) == {"A"}
