"""Whose ARR is it on which day: merges there and back, two in a month, and customers that move.

Accounts from Salesforce, billing from Stripe; made up here, as of 2025-06-30.
"""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from .company import Built, build

SOURCES = {
    "crm": ["salesforce"],
    "billing": ["stripe"],
    "product": [],
    "support": [],
    "feedback": [],
}
PRICE = {
    "id": "price_1",
    "object": "price",
    "product": "prod_1",
    "currency": "usd",
    "unit_amount": 10000,
    "unit_amount_decimal": "10000",
    "type": "recurring",
    "recurring": {"interval": "month", "interval_count": 1, "usage_type": "licensed"},
}


def key(name: str) -> str:
    """An account id of 18 characters."""
    return f"0015g0000{name:0>6}AAV"


def seconds(day: str) -> int:
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())


def account(name: str, into: str | None = None, changed: str = "2025-01-01") -> dict:
    return {
        "id": key(name),
        "is_deleted": into is not None,
        "master_record_id": into and key(into),
        "name": name,
        "created_date": "2024-01-01T00:00:00Z",
        "system_modstamp": f"{changed}T00:00:00Z",
    }


def merge(
    name: str, into: str | None, on: str, before: str | None = None, hour: str = "09"
) -> dict:
    return {
        "id": f"h_{name}_{on}",
        "account_id": key(name),
        "field": "MasterRecordId",
        "old_value": before and key(before),
        "new_value": into and key(into),
        "created_date": f"{on}T{hour}:00:00Z",
    }


def subscription(name: str, customer: str, status: str) -> dict:
    return {
        "id": f"sub_{name}",
        "object": "subscription",
        "customer": f"cus_{customer}",
        "status": status,
        "created": seconds("2025-01-01"),
        "start_date": seconds("2025-01-01"),
        "current_period_start": seconds("2025-06-01"),
        "current_period_end": seconds("2025-07-01"),
        "currency": "usd",
        "cancel_at_period_end": False,
        "items": {
            "object": "list",
            "has_more": False,
            "data": [{"id": f"si_{name}", "price": PRICE, "quantity": 1}],
        },
        "discounts": [],
        "metadata": {},
        "livemode": True,
    }


def event(name: str, day: str, customer: str, status: str = "active") -> dict:
    kind = "created" if day == "2025-01-01" else "updated"
    return {
        "id": f"evt_{name}_{day}",
        "object": "event",
        "type": f"customer.subscription.{kind}",
        "created": seconds(day),
        "livemode": True,
        "api_version": "2022-11-15",
        "data": {"object": subscription(name, customer, status)},
    }


ACCOUNTS = [
    account("A", into="B", changed="2025-05-10"),
    account("B"),
    account("C"),
    account("D", into="E", changed="2025-03-05"),
    account("E", into="F", changed="2025-03-20"),
    account("F"),
    account("G"),
    account("H"),
    account("I"),
    account("J", changed="2025-05-20"),
    account("K", into="J", changed="2025-05-20"),
]
HISTORY = [
    merge("B", "A", "2025-02-10"),
    merge("B", None, "2025-05-09", before="A"),
    merge("A", "B", "2025-05-10"),
    merge("J", "K", "2025-04-07"),
    merge("K", "J", "2025-04-07", hour="17"),
]
EVENTS = [
    event("B", "2025-01-01", "B"),
    event("D", "2025-01-01", "D"),
    event("J", "2025-01-01", "J"),
    event("moved", "2025-01-01", "G"),
    event("moved", "2025-04-15", "H"),
    event("trial", "2025-01-01", "I"),
    event("trial", "2025-03-10", "I", "trialing"),
    event("trial", "2025-05-10", "I"),
]
LAST = {
    "B": ("B", "active"),
    "D": ("D", "active"),
    "J": ("J", "active"),
    "moved": ("H", "active"),
    "trial": ("I", "active"),
}


def write(folder: Path, tables: dict[str, list[dict]]) -> Path:
    folder.mkdir(parents=True)
    for table, rows in tables.items():
        text = "".join(f"{json.dumps(row)}\n" for row in rows)
        (folder / f"{table}.jsonl").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("owners")
    customers = [
        {
            "id": f"cus_{name}",
            "object": "customer",
            "email": "ap@gmail.com",
            "name": name,
            "created": seconds("2025-01-01"),
            "currency": "usd",
            # Half of them by the short form of the id.
            "metadata": {"crm_account_id": key(name)[: 15 if name in "BG" else 18]},
            "livemode": True,
        }
        for name in ("B", "D", "G", "H", "I", "J")
    ]
    product = {"id": "prod_1", "object": "product", "name": "Core", "active": True}
    stripe = {
        "customer": customers,
        "product": [product | {"created": seconds("2024-01-01"), "metadata": {}}],
        "price": [PRICE],
        "subscription": [subscription(name, *last) for name, last in LAST.items()],
        "event": EVENTS,
    }
    exports = {
        "salesforce": write(
            folder / "salesforce", {"account": ACCOUNTS, "account_history": HISTORY}
        ),
        "stripe": write(folder / "stripe", stripe),
    }
    return build(folder / "home", exports, sources=SOURCES)


def transfers(built: Built, *names: str) -> list[tuple[str, str, float]]:
    rows = built.rows(
        "select account_id, cast(month as varchar), cast(transfer_arr as double)"
        " from facts.fct_account_month where transfer_arr <> 0 order by month, transfer_arr"
    )
    known = {key(name): name for name in names}
    return [(known[found], month, arr) for found, month, arr in rows if found in known]


def months_of(built: Built, name: str) -> list[float | None]:
    return [built.arr(key(name), f"2025-{month:02d}-01") for month in range(1, 7)]


def test_a_merge_back_moves_from_its_day_on(company: Built) -> None:
    assert months_of(company, "B") == [1200, 0, 0, 0, 1200, 1200]
    assert months_of(company, "A") == [None, 1200, 1200, 1200, 0, 0]
    assert transfers(company, "A", "B") == [
        ("B", "2025-02-01", -1200),
        ("A", "2025-02-01", 1200),
        ("A", "2025-05-01", -1200),
        ("B", "2025-05-01", 1200),
    ]


def test_a_merge_back_on_the_day_of_the_merge_moves_nothing(company: Built) -> None:
    """J went to K and took it in some hours later, and no restoration is in the history."""
    assert months_of(company, "J") == [1200] * 6
    assert company.arr(key("K")) is None
    assert transfers(company, "J", "K") == []


def test_two_merges_in_a_month_are_no_churn(company: Built) -> None:
    assert months_of(company, "D") == [1200, 1200, 0, 0, 0, 0]
    assert months_of(company, "F") == [None, None, 1200, 1200, 1200, 1200]
    assert company.arr(key("E")) is None
    assert transfers(company, "D", "E", "F") == [
        ("D", "2025-03-01", -1200),
        ("F", "2025-03-01", 1200),
    ]


def test_a_subscription_that_changes_customers_is_a_transfer(company: Built) -> None:
    assert months_of(company, "G") == [1200, 1200, 1200, 0, 0, 0]
    assert transfers(company, "G", "H") == [
        ("G", "2025-04-01", -1200),
        ("H", "2025-04-01", 1200),
    ]


def test_a_trial_inside_a_running_subscription_is_a_discount(company: Built) -> None:
    assert months_of(company, "I") == [1200, 1200, 0, 0, 1200, 1200]
    assert company.rows(
        "select movement, subtype from facts.fct_arr_movement where account_id = ? order by month",
        key("I"),
    ) == [("new", "new"), ("contraction", "discount"), ("expansion", "discount")]


def test_nobody_churned_and_movements_agree(company: Built) -> None:
    assert company.rows("select account_id from facts.fct_churn_event") == []
    assert company.failing_tests() == []
