"""Tickets of other help desks, in files: what is understood, named, and left unknown."""

import csv
from pathlib import Path

import pytest

from tests.python.cases.company import Built, build

pytestmark = pytest.mark.long

ACCOUNTS = ["account_id,account_name,created_at", "A1,Alpha,2024-12-01T00:00:00Z"]
SUBSCRIPTIONS = [
    "subscription_id,account_id,status,started_at,currency",
    "S1,A1,active,2025-01-01T00:00:00Z,USD",
]
ITEMS = [
    "subscription_item_id,subscription_id,valid_from,quantity,unit_amount,billing_interval",
    "I1,S1,2025-01-01,1,10,month",
]
# ticket, status, priority, solved at: what it is then.
TICKETS = [
    ("hubspot", "Waiting on contact", "HIGH", "", "pending", True),
    ("freshdesk", "Waiting on Third Party", "Urgent", "", "hold", True),
    ("jira", "Done", "Blocker", "2025-06-05T10:00:00Z", "solved", False),
    ("jira_wont", "Won't do", "Trivial", "2025-06-05T10:00:00Z", "closed", False),
    ("servicenow", "Awaiting Caller", "3 - Moderate", "", "pending", True),
    ("salesforce", "Escalated", "Medium", "", "open", True),
    ("intercom", "snoozed", "not_priority", "", "hold", True),
    ("closed_wont", "Closed - won't fix", "P3", "2025-06-05T10:00:00Z", "closed", False),
    ("number", "4", "1", "2025-06-05T10:00:00Z", "unknown", None),
    ("spanish", "Resuelto", "Alta", "2025-06-05T10:00:00Z", "unknown", None),
]
TARGETS = ("fct_ticket", "fct_account_support_day", "int_support_gaps")


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("desks")
    rows = [
        [name, "A1", "2025-06-02T09:00:00Z", status, priority, solved]
        for name, status, priority, solved, *_ in TICKETS
    ]
    # By events: reopened by a word, merged by a word, a word nobody knows, unnamed actors.
    rows += [
        ["reopened", "A1", "2025-06-02T09:00:00Z", "Reopened", "", ""],
        ["merged", "A1", "2025-06-02T09:00:00Z", "Duplicate", "", ""],
        ["limbo", "A1", "2025-06-02T09:00:00Z", "In progress", "", ""],
    ]
    events = [
        ["reopened", "2025-06-03T09:00:00Z", "stage", "Closed", "staff"],
        ["reopened", "2025-06-04T09:00:00Z", "stage", "Re-opened", "customer"],
        ["reopened", "2025-06-02T10:00:00Z", "reply", "c1", "bot"],
        ["reopened", "2025-06-02T11:00:00Z", "reply", "c2", "operator"],
        ["merged", "2025-06-03T09:00:00Z", "state", "Duplicate", "agent"],
        ["limbo", "2025-06-03T09:00:00Z", "status", "Zwischenstand", "agent"],
        ["limbo", "2025-06-02T10:00:00Z", "reply", "c3", ""],
    ]
    tables = {
        "tickets": [
            ["ticket_id", "account_id", "created_at", "status", "priority", "solved_at"],
            *rows,
        ],
        "ticket_events": [["ticket_id", "occurred_at", "field", "value", "actor_role"], *events],
    }
    for name, lines in tables.items():
        with (folder / f"{name}.csv").open("w", newline="") as file:
            csv.writer(file).writerows(lines)
    for name, text in {
        "accounts": ACCOUNTS,
        "subscriptions": SUBSCRIPTIONS,
        "subscription_items": ITEMS,
    }.items():
        (folder / f"{name}.csv").write_text("\n".join(text) + "\n")
    return build(Path(folder) / "home", {"files": folder}, targets=TARGETS)


def test_words_of_other_help_desks(company: Built) -> None:
    found = {
        row[0]: row[1:]
        for row in company.rows("select ticket_id, status, is_open from facts.fct_ticket")
    }
    for name, *_, status, is_open in TICKETS:
        assert found[name] == (status, is_open), name


def test_words_nobody_knows_are_named_with_table_and_list(company: Built) -> None:
    gaps = dict(
        company.rows("select object_id, what_is_missing from intermediate.int_support_gaps")
    )
    for word in ("4", "Resuelto"):
        assert f"status '{word}' of table tickets" in gaps[f"tickets: {word}"]
        assert "waiting on customer" in gaps[f"tickets: {word}"]
    assert "priority 'Alta'" in gaps["tickets: Alta"]
    assert "table ticket_events (ticket limbo)" in gaps["ticket_events: Zwischenstand"]
    assert "public comments" in gaps["unnamed"]
    assert not any("Done" in key or "snoozed" in key for key in gaps)


def test_unknown_statuses_are_in_no_backlog_and_on_no_days_solved(company: Built) -> None:
    still_open = sum(bool(is_open) for *_, is_open in TICKETS) + 1  # and the reopened one
    (row,) = company.rows(
        "select backlog from facts.fct_account_support_day where date_day = date '2025-06-30'"
    )
    assert row == (still_open,)
    solved = company.value(
        "select solved from facts.fct_account_support_day where date_day = date '2025-06-05'"
    )
    assert solved == sum(bool(at) and is_open is False for *_, at, _, is_open in TICKETS)


def test_reopened_merged_and_limbo_by_events(company: Built) -> None:
    found = {
        row[0]: row[1:]
        for row in company.rows(
            "select ticket_id, is_open, is_merged, reopens, first_response_minutes,"
            " last_solved_at from facts.fct_ticket"
        )
    }
    assert found["reopened"] == (True, False, 1, 120, None)
    assert found["merged"] == (False, True, 0, None, None)
    assert found["limbo"] == (None, False, 0, None, None)
    assert company.failing_tests() == []
