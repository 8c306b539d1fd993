"""Gaps in the data are said, stop a publication, and are accepted by name."""

import json
from datetime import UTC, datetime, timedelta

import duckdb
import pytest

from orchestration.gaps import (
    ACCEPTED_FILE,
    EXTENT,
    accept,
    held,
    in_force,
    load_accepted_gaps,
    say_gaps,
)
from orchestration.home import Home, HomeError

COLUMNS = (
    "source_system, object_type, object_id, gap, severity, what_is_missing, remedy, is_open,"
    " accepted_by, accepted_reason, row_count, arr_affected"
)


@pytest.fixture
def with_gaps(home: Home) -> Home:
    """A home whose last build named a price, a ticket, and a price that was accepted before."""
    home.create()
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute("create schema marts")
        connection.execute(
            f"""
            create table marts.mart_data_gaps as
            select * from (values
                ('stripe', 'price', 'p1', 'price_unknown', 'error',
                 'Price p1 says no amount.', 'Deliver it.', true, null::varchar, null::varchar,
                 3, 1200.50::decimal(18, 2)),
                ('zendesk', 'ticket', 't1', 'status_unknown', 'warning',
                 'Ticket t1 is ajar.', 'Map it.', true, null, null, 1, null),
                ('stripe', 'price', 'p0', 'price_unknown', 'error',
                 'Price p0 says no amount.', 'Deliver it.', false, 'Jo', 'it is free', 1, null)
            ) as rows ({COLUMNS})
            """
        )
    return home


def rows(home: Home, sql: str) -> list[tuple]:
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_every_gap_is_said_with_its_remedy_and_who_accepted_it(with_gaps: Home) -> None:
    assert say_gaps(with_gaps, "run") == 2
    said = rows(with_gaps, "select severity, source, message from raw_loads.messages order by 3")
    (name,) = names(with_gaps)
    assert said == [
        ("warning", "stripe", "Price p0 says no amount. Deliver it. Accepted by Jo: it is free."),
        ("error", "stripe", f"Price p1 says no amount. Deliver it. As it is: csw accept {name}."),
        ("warning", "zendesk", "Ticket t1 is ajar. Map it."),
    ]


def names(home: Home) -> list[str]:
    """The short names of what is held."""
    return [text.partition(":")[0] for text in held(home)]


def accept_all(home: Home, by: str = "Jane", why: str = "one", days: int = 90) -> list[str]:
    return [found.text for found in accept(home, "all", by=by, why=why, days=days)]


def test_a_home_that_never_named_a_gap_has_none(home: Home) -> None:
    home.create()
    assert held(home) == []
    assert say_gaps(home, "run") == 0


def test_only_open_errors_are_accepted_and_it_is_written_down_who_did(with_gaps: Home) -> None:
    (name,) = names(with_gaps)
    (found,) = accept(with_gaps, name, by="Jane Doe", why="price: comes by mail", days=7)
    assert found.text == "Price p1 says no amount."
    (kept,) = (with_gaps.path / ACCEPTED_FILE).read_text().splitlines()
    until = (datetime.now(UTC).date() + timedelta(days=7)).isoformat()
    assert json.loads(kept) | {"accepted_at": ""} == {
        "expires_on": until,
        "source_system": "stripe",
        "object_type": "price",
        "object_id": "p1",
        "gap": "price_unknown",
        "accepted_by": "Jane Doe",
        "accepted_at": "",
        "reason": "price: comes by mail",
        "what_is_missing": "Price p1 says no amount.",
        "row_count": 3,
        "arr_affected": "1200.50",
    }


def test_acceptances_are_added_never_replaced(with_gaps: Home) -> None:
    accept_all(with_gaps)
    with duckdb.connect(str(with_gaps.warehouse)) as connection:
        connection.execute("update marts.mart_data_gaps set row_count = 9 where object_id = 'p1'")
    accept_all(with_gaps, "Jo", "two")
    load_accepted_gaps(with_gaps)
    found = rows(with_gaps, "select object_id, accepted_by, reason from ledger.accepted_gaps")
    assert found == [("p1", "Jane", "one"), ("p1", "Jo", "two")]


def test_a_gap_that_grew_is_said_to_be_more_than_was_accepted(with_gaps: Home) -> None:
    with duckdb.connect(str(with_gaps.warehouse)) as connection:
        connection.execute("update marts.mart_data_gaps set is_open = true where object_id = 'p0'")
    say_gaps(with_gaps, "run")
    (said,) = rows(
        with_gaps, "select severity, message from raw_loads.messages where message like '%p0%'"
    )
    assert said == (
        "error",
        "Price p0 says no amount. Deliver it. Accepted by Jo: it is free."
        " It is more than was accepted, reads differently, or was accepted too long ago."
        f" As it is: csw accept {names(with_gaps)[0]}.",
    )


def test_it_is_kept_how_much_was_accepted(with_gaps: Home) -> None:
    """A line of before that was written down says nothing of it."""
    accept_all(with_gaps)
    file = with_gaps.path / ACCEPTED_FILE
    kept = json.loads(file.read_text())
    old = {name: kept[name] for name in kept if name not in EXTENT}
    file.write_text(json.dumps(old) + "\n" + json.dumps(kept) + "\n")
    load_accepted_gaps(with_gaps)
    found = rows(
        with_gaps,
        "select what_is_missing, row_count, cast(arr_affected as double)"
        " from ledger.accepted_gaps order by acceptance",
    )
    assert found == [(None, None, None), ("Price p1 says no amount.", 3, 1200.5)]


def test_without_acceptances_the_table_is_empty(home: Home) -> None:
    home.create()
    load_accepted_gaps(home)
    assert rows(home, "from ledger.accepted_gaps") == []


@pytest.mark.parametrize(("by", "why"), [("", "why"), ("Jane", " "), (" ", "")])
def test_an_acceptance_says_who_and_why(with_gaps: Home, by: str, why: str) -> None:
    with pytest.raises(HomeError, match="Who accepts it, and why"):
        accept_all(with_gaps, by, why)


def test_only_what_is_held_can_be_accepted(with_gaps: Home) -> None:
    with pytest.raises(HomeError, match="Nothing that is held is named 'p1'"):
        accept(with_gaps, "p1", by="Jane", why="one")
    accept_all(with_gaps)
    assert held(with_gaps) == [], "what is accepted is held no more, before the next refresh"
    with pytest.raises(HomeError, match="csw accept --list"):
        accept_all(with_gaps)


def test_an_acceptance_expires(with_gaps: Home) -> None:
    """It holds on its last day; one of before acceptances expired says no day, and stays."""
    accept_all(with_gaps, days=0)
    file = with_gaps.path / ACCEPTED_FILE
    kept = json.loads(file.read_text())
    yesterday = (datetime.now(UTC).date() - timedelta(days=1)).isoformat()
    old = {name: kept[name] for name in kept if name != "expires_on"}
    lines = [kept, kept | {"expires_on": yesterday}, old]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    load_accepted_gaps(with_gaps)
    found = rows(with_gaps, "select is_expired from ledger.accepted_gaps order by acceptance")
    assert found == [(False,), (True,), (False,)]
    assert [line["acceptance"] for line in in_force(with_gaps)] == [1, 3]
    file.write_text(json.dumps(kept | {"expires_on": yesterday}) + "\n")
    assert len(held(with_gaps)) == 1


def test_a_damaged_line_is_named(home: Home) -> None:
    home.create()
    (home.path / ACCEPTED_FILE).write_text('{"gap": "x"}\n')
    with pytest.raises(HomeError, match=r"accepted_gaps\.jsonl, line 1"):
        load_accepted_gaps(home)
