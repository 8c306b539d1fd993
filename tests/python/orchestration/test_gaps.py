"""Gaps in the data are said, stop a publication, and are accepted by name."""

import json

import duckdb
import pytest

from orchestration.gaps import (
    ACCEPTED_FILE,
    EXTENT,
    accept_open_gaps,
    load_accepted_gaps,
    parse_acceptance,
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
    assert said == [
        ("warning", "stripe", "Price p0 says no amount. Deliver it. Accepted by Jo: it is free."),
        ("error", "stripe", "Price p1 says no amount. Deliver it."),
        ("warning", "zendesk", "Ticket t1 is ajar. Map it."),
    ]


def test_a_home_that_never_named_a_gap_has_none(home: Home) -> None:
    home.create()
    assert accept_open_gaps(home, "Jane: why") == []
    assert say_gaps(home, "run") == 0


def test_only_open_errors_are_accepted_and_it_is_written_down_who_did(with_gaps: Home) -> None:
    (line,) = accept_open_gaps(with_gaps, "Jane Doe: price: comes by mail")
    assert line == "Accepted by Jane Doe: Price p1 says no amount."
    (kept,) = (with_gaps.path / ACCEPTED_FILE).read_text().splitlines()
    assert json.loads(kept) | {"accepted_at": ""} == {
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
    accept_open_gaps(with_gaps, "Jane: one")
    accept_open_gaps(with_gaps, "Jo: two")
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
        " It is more than was accepted, or reads differently.",
    )


def test_it_is_kept_how_much_was_accepted(with_gaps: Home) -> None:
    """A line of before that was written down says nothing of it."""
    accept_open_gaps(with_gaps, "Jane: one")
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


@pytest.mark.parametrize("text", ["Jane", "Jane:", ": why", "  :  "])
def test_an_acceptance_says_who_and_why(text: str) -> None:
    with pytest.raises(HomeError, match="name: reason"):
        parse_acceptance(text)


def test_a_damaged_line_is_named(home: Home) -> None:
    home.create()
    (home.path / ACCEPTED_FILE).write_text('{"gap": "x"}\n')
    with pytest.raises(HomeError, match=r"accepted_gaps\.jsonl, line 1"):
        load_accepted_gaps(home)
