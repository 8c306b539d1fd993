"""Lives of Stripe subscriptions that public reports and Stripe's guides tell of.

Each account is one; its movements are worked out by hand. Sound ones are quiet.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.python.cases.company import Built, build
from tests.python.cases.stripe import (
    Export,
    Object,
    event,
    item,
    price,
    seconds,
    subscription,
    tier,
)

SOURCES = {domain: ["files"] for domain in ("crm", "product", "support", "feedback")} | {
    "billing": ["stripe", "files"]
}
P = price("p_100", 10000)
NEW = ("2024-07-01", "new", 1200.0)
MOVEMENTS: dict[str, list[tuple[str, str, float]]] = {}
TIERS = [tier(5, 1000, 2000), tier(None, 600, 500)]
# Accounts of which something is missing, and what.
GAPS = {
    "recreated": "recreated",
    "moved": "recreated",
    "old_cancel": "end_untold",
    "leap_object": "history_untold",
    "quarter_31": "history_untold",
}
Change = tuple[str, str, Object]


def over(on: str) -> Object:
    """What a deletion leaves."""
    return {"status": "canceled", "ended_at": seconds(on), "canceled_at": seconds(on)}


def listed(*items: Object) -> Object:
    """A list of items."""
    return {"object": "list", "data": [*items], "has_more": False, "total_count": len(items)}


def live(
    export: Export, account: str, row: Object, *changes: Change, is_known: bool = False
) -> None:
    """The creation of a subscription, its changes and the object in the end."""
    if not is_known:
        export.account(account, row["currency"])
    number = len(export.tables.get("events", []))
    created = event(f"evt_{number:05}", "2024-07-01", "created", row)
    export.add("events", created | {"created": row["created"]})
    for on, what, change in changes:
        number += 1
        before = {key: row.get(key) for key in change}
        row = row | change
        export.add("events", event(f"evt_{number:05}", on, what, row, **before))
    export.add("subscriptions", row)


def one(export: Export, account: str, its_price: Object, *changes: Change, **more: Any) -> None:
    """A subscription of one item, of a new account."""
    quantity = more.pop("quantity", 1)
    its_item = item(f"si_{account}", its_price, quantity)
    live(export, account, subscription(account, [its_item], **more), *changes)


def again(export: Export, account: str, its_price: Object, start: str, **more: Any) -> None:
    """A further subscription of an account."""
    row = subscription(
        account, [item(f"si_{account}_2", its_price)], start=start, id=f"sub_{account}_2", **more
    )
    live(export, account, row, is_known=True)


def made_anew(export: Export) -> None:
    """Subscriptions in the place of others (TryGhost/Ghost PR 19902, Stripe "Backdate …")."""
    made = {"created": seconds("2025-03-01T09:00:00")}
    one(export, "recreated", P, ("2025-03-01T10:00:00", "deleted", over("2025-03-01T10:00:00")))
    again(export, "recreated", P, "2024-07-01", **made)
    MOVEMENTS["recreated"] = [NEW]
    # The old billing system is in files.
    one(export, "moved", P, **made)
    MOVEMENTS["moved"] = [NEW]
    one(export, "backdated", P, **made)
    MOVEMENTS["backdated"] = [NEW]
    # A second team, with a start in the past, beside one that goes on.
    one(export, "team", P)
    again(export, "team", P, "2024-07-01", **made)
    MOVEMENTS["team"] = [("2024-07-01", "new", 2400.0)]

    one(export, "swap", P, ("2025-02-15T10:00:00", "deleted", over("2025-02-15T10:00:00")))
    again(export, "swap", price("p_150", 15000), "2025-02-15T11:00:00")
    MOVEMENTS["swap"] = [NEW, ("2025-02-01", "expansion", 600.0)]
    one(export, "currencies", P, ("2025-02-15", "deleted", over("2025-02-15")))
    euro = price("p_eur", 10000, currency="eur")
    again(export, "currencies", euro, "2025-02-15", currency="eur")
    MOVEMENTS["currencies"] = [NEW, ("2025-02-01", "expansion", 120.0)]
    failed = {"reason": "payment_failed", "feedback": None, "comment": None}
    one(
        export,
        "dunned",
        P,
        ("2025-01-01", "updated", {"status": "past_due"}),
        ("2025-01-22", "deleted", over("2025-01-22") | {"cancellation_details": failed}),
    )
    again(export, "dunned", P, "2025-02-12")
    MOVEMENTS["dunned"] = [
        NEW,
        ("2025-01-01", "churn", -1200.0),
        ("2025-02-01", "reactivation", 1200.0),
    ]
    expired = {"status": "incomplete_expired", "ended_at": seconds("2024-07-02")}
    one(export, "second_try", P, ("2024-07-02", "updated", expired), status="incomplete")
    again(export, "second_try", P, "2024-08-05")
    MOVEMENTS["second_try"] = [("2024-08-01", "new", 1200.0)]


def prices(export: Export) -> None:
    """Quantity 0, several intervals, odd ways to write a year, plans before 2018."""
    # The flat amount of the first tier is owed for none, too (Stripe, "Set up tiered pricing").
    for mode in ("graduated", "volume"):
        tiers = price(f"p_{mode}", tiers_mode=mode, tiers=TIERS)
        one(export, f"none_{mode}", tiers, quantity=0)
        MOVEMENTS[f"none_{mode}"] = [("2024-07-01", "new", 240.0)]
    none = {"items": listed(item("si_to_none", P, 0))}
    one(export, "to_none", P, ("2025-02-10", "updated", none), quantity=2)
    MOVEMENTS["to_none"] = [("2024-07-01", "new", 2400.0), ("2025-02-01", "churn", -2400.0)]
    for name, interval, count, arr in [
        ("days_365", "day", 365, 1200.0),
        ("weeks_52", "week", 52, 1200.0),
        ("months_12", "month", 12, 1200.0),
        ("months_24", "month", 24, 600.0),
        ("weeks_4", "week", 4, 15600.0),
        ("years_3", "year", 3, 400.0),
    ]:
        one(export, name, price(f"p_{name}", 120000, interval=interval, count=count))
        MOVEMENTS[name] = [("2024-07-01", "new", arr)]
    # Mixed intervals: each item has its own period, the subscription none (changelog 2025-07-30).
    year = price("p_year", 120000, interval="year")
    mixed = subscription("mixed", [item("si_mixed_1", year), item("si_mixed_2", P)])
    del mixed["current_period_start"], mixed["current_period_end"]
    live(export, "mixed", mixed)
    MOVEMENTS["mixed"] = [("2024-07-01", "new", 2400.0)]
    thousand = {"items": listed(item("si_to_year", price("p_1000", 100000, interval="year")))}
    one(export, "to_year", P, ("2025-02-10", "updated", thousand))
    MOVEMENTS["to_year"] = [NEW, ("2025-02-01", "contraction", -200.0)]
    plan = {"id": "old", "object": "plan", "amount": 10000, "currency": "usd", "name": "Old"}
    its_item = item("si_old_plan", "", plan=plan | {"interval": "month", "interval_count": 1})
    del its_item["price"]
    live(export, "old_plan", subscription("old_plan", [its_item]))
    MOVEMENTS["old_plan"] = [NEW]
    # An introductory price while the trial offer of an item runs: a price like any other.
    offer = {"trial_offer": "to_1", "end_date": seconds("2024-10-01")}
    intro = item("si_offer", price("p_intro", 100), current_trial=offer)
    paid = ("2024-10-01", "updated", {"items": listed(item("si_offer", P))})
    live(export, "offer", subscription("offer", [intro]), paid)
    MOVEMENTS["offer"] = [("2024-07-01", "new", 12.0), ("2024-10-01", "expansion", 1188.0)]


def days(export: Export) -> None:
    """Edges of months, days that not every month has, trials, pauses and discounts."""
    for name, last, month in (
        ("edge_before", "2025-01-31T23:59:59", "2025-01-01"),
        ("edge_after", "2025-02-01T00:00:00", "2025-02-01"),
    ):
        one(export, name, P, (last, "deleted", over(last)))
        MOVEMENTS[name] = [NEW, (month, "churn", -1200.0)]
    # Before `cancel_at`, API versions said only that it ends with the period.
    ends = {"cancel_at_period_end": True, "canceled_at": seconds("2025-01-10")}
    period = {"current_period_start": seconds("2025-01-01")}
    period["current_period_end"] = seconds("2025-02-01")
    row = subscription("old_cancel", [item("si_old_cancel", P)], **period)
    del row["cancel_at"]
    live(export, "old_cancel", row, ("2025-01-10", "updated", ends))
    MOVEMENTS["old_cancel"] = [NEW, ("2025-02-01", "churn", -1200.0)]

    year = price("p_leap", 120000, interval="year")
    export.account("leap_object")
    leap = {"start": "2024-02-29", "current_period_start": seconds("2025-02-28")}
    leap["current_period_end"] = seconds("2026-02-28")
    export.add("subscriptions", subscription("leap_object", [item("si_leap", year)], **leap))
    MOVEMENTS["leap_object"] = [("2024-02-01", "new", 1200.0)]
    export.account("quarter_31")
    quarter = {"start": "2024-08-31", "current_period_start": seconds("2025-05-31")}
    quarter["current_period_end"] = seconds("2025-08-31")
    its_item = item("si_quarter", price("p_quarter", 30000, count=3))
    export.add("subscriptions", subscription("quarter_31", [its_item], **quarter))
    MOVEMENTS["quarter_31"] = [("2024-08-01", "new", 1200.0)]

    trial = {"trial_start": seconds("2024-07-01"), "trial_end": seconds("2024-08-01")}
    one(
        export,
        "paused_trial",
        P,
        ("2024-08-01", "paused", {"status": "paused"}),
        ("2024-10-05", "resumed", {"status": "active"}),
        status="trialing",
        **trial,
    )
    MOVEMENTS["paused_trial"] = [("2024-10-01", "new", 1200.0)]
    pause = {"pause_collection": {"behavior": "void", "resumes_at": None}}
    gone = ("2025-04-10", "deleted", over("2025-04-10"))
    one(export, "paused_gone", P, ("2025-01-10", "updated", pause), gone)
    MOVEMENTS["paused_gone"] = [NEW, ("2025-01-01", "contraction", -1200.0)]
    # Kuwait's dinar has three decimals: (12.340 - 2.340) x 12 x 3.25.
    coupon = {"id": "KWD", "amount_off": 2340, "currency": "kwd", "duration": "forever"}
    discount = {"object": "discount", "start": seconds("2024-07-01"), "end": None}
    dinar = price("p_dinar", 12340, currency="kwd")
    off = [discount | {"id": "di_dinar", "coupon": coupon}]
    one(export, "dinar", dinar, currency="kwd", discounts=off)
    MOVEMENTS["dinar"] = [("2024-07-01", "new", 390.0)]
    coupon = {"id": "FREE", "percent_off": 100, "duration": "repeating", "duration_in_months": 3}
    off = [discount | {"id": "di_free", "coupon": coupon, "end": seconds("2024-10-01")}]
    one(export, "free_start", P, discounts=off)
    MOVEMENTS["free_start"] = [("2024-10-01", "new", 1200.0)]


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    """The company of all lives; one had its contract in another system first."""
    export = Export()
    for part in (made_anew, prices, days):
        part(export)
    folder = tmp_path_factory.mktemp("stripe_lives")
    exports = export.write(folder / "exports")
    (exports["files"] / "subscriptions.csv").write_text(
        "subscription_id,account_id,status,started_at,ended_at\n"
        "s_moved,moved,canceled,2024-07-01,2025-03-01\n"
    )
    (exports["files"] / "subscription_items.csv").write_text(
        "subscription_item_id,subscription_id,valid_from,quantity,unit_amount,billing_interval,"
        "product_id\ni_moved,s_moved,2024-07-01,1,100,month,core\n"
    )
    made = build(folder / "home", exports, sources=SOURCES)
    assert made.load_errors == {}
    yield made
    made.connection.close()


@pytest.mark.parametrize("account", [
    "recreated", "moved", "backdated", "team", "swap", "currencies", "dunned", "second_try",
    "none_graduated", "none_volume", "to_none", "days_365", "weeks_52", "months_12", "months_24",
    "weeks_4", "years_3", "mixed", "to_year", "old_plan", "offer", "edge_before", "edge_after",
    "old_cancel", "leap_object", "quarter_31", "paused_trial", "paused_gone", "dinar",
    "free_start",
])  # fmt: skip
def test_arr_moves_as_the_life_did(company: Built, account: str) -> None:
    assert company.movements(account) == MOVEMENTS[account]


def test_only_what_is_missing_is_told(company: Built) -> None:
    told = company.rows("select account_id, gap from facts.fct_data_gap order by all")
    assert told == sorted(GAPS.items())


def test_terms_of_days_that_not_every_month_has_follow_one_another(company: Built) -> None:
    due = "select cast(due_on as varchar) from facts.fct_renewal where account_id = ? order by all"
    assert company.rows(due, "leap_object") == [("2025-02-28",), ("2026-02-28",)]
    assert company.rows(due, "quarter_31") == [
        ("2024-11-30",), ("2025-02-28",), ("2025-05-31",), ("2025-08-31",)
    ]  # fmt: skip


def test_grains_hold(company: Built) -> None:
    failing = company.failing_tests()
    assert [name for name in failing if "int_arr" in name or "movements" in name] == []
