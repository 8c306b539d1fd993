"""Chargebee by its API: the rows that files of the same company give, and what changes since."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orchestration.connectors.engine import check
from orchestration.connectors.road import ConnectError
from tests.python.connect.company import Fetched, at, loaded, road
from tests.python.connect.fake_chargebee import KEY, FakeChargebee
from tests.python.connect.server import Answer, Request, Row

pytestmark = pytest.mark.long

FIRST, SECOND, THIRD = at("2025-06-30"), at("2025-07-10"), at("2025-07-20")
AS_OF = date(2025, 7, 20)
OPTIONS = {"site": "acme"}

# The same company, as its tables would be written by hand.
FILES = {
    "accounts": """\
account_id,account_name,country,created_at,is_deleted
c1,Acme,DE,2025-01-10 08:00:00,false
c2,Ann Lee,,2025-01-11 08:00:00,false
c3,gone@mail.example,,2025-01-12 08:00:00,true
""",
    "products": "product_id,product_name\ncore,Core\nseats,Seats\nsetup,Setup\n",
    "plans": """\
plan_id,product_id,plan_name,billing_interval,interval_count,unit_amount,currency
core-usd-year,core,Core yearly,year,1,1200,USD
core-jpy-month,core,Core monthly,month,1,5000,JPY
seats-usd-month,seats,Seats,month,1,10.5,USD
""",
    "subscriptions": """\
subscription_id,account_id,status,started_at,signed_on,current_term_start,current_term_end,ended_at,\
cancel_reason,currency,paused_from,paused_until
s1,c1,active,2025-01-10 08:00:00,2025-01-10,2025-01-10,2026-01-10,,,USD,,
s2,c2,non_renewing,2025-02-01 00:00:00,2025-02-01,2025-06-01,2025-07-01,2025-07-01,Cost,JPY,,
s3,c3,deleted,2025-02-01 00:00:00,2025-02-01,,,2025-03-01 00:00:00,,USD,,
s4,c2,in_trial,2025-06-20 00:00:00,2025-06-20,,,,,USD,,
s5,c1,future,2025-09-01 00:00:00,2025-06-20,,,,,USD,,
s6,c1,paused,2025-03-01 00:00:00,2025-03-01,,,,,USD,2025-05-01,2025-08-01
""",
    "subscription_items": """\
subscription_item_id,subscription_id,valid_from,valid_to,quantity,unit_amount,billing_interval,interval_count,plan_id,product_id,usage_type
s1-core-usd-year,s1,2025-01-10,,1,1200,year,1,core-usd-year,core,licensed
s1-seats-usd-month,s1,2025-01-10,,8,10.5,month,1,seats-usd-month,seats,licensed
s2-core-jpy-month,s2,2025-02-01,,1,5000,month,1,core-jpy-month,core,licensed
s3-core-usd-year,s3,2025-02-01,,1,1200,year,1,core-usd-year,core,licensed
s4-core-usd-year,s4,2025-07-04,,1,1200,year,1,core-usd-year,core,licensed
s5-core-usd-year,s5,2025-09-01,,1,1200,year,1,core-usd-year,core,licensed
s6-core-usd-year,s6,2025-03-01,,1,1200,year,1,core-usd-year,core,licensed
""",
    "invoices": """\
invoice_id,account_id,status,issued_at,due_at,paid_at,currency,total
1,c1,paid,2025-01-10 08:00:00,2025-01-20 08:00:00,2025-01-15 08:00:00,USD,1166.25
2,c2,uncollectible,2025-06-01 00:00:00,,,JPY,5000
3,c1,void,2025-06-02 00:00:00,,,USD,10
4,c1,open,2025-06-03 00:00:00,,,USD,119
""",
    "invoice_lines": """\
invoice_line_id,invoice_id,amount,period_start,period_end,subscription_id,product_id,is_recurring,quantity,description
l1,1,1100,2025-01-10,2026-01-10,s1,core,true,1,Core yearly
l2,1,66.25,2025-01-10,2025-01-10,s1,setup,false,1,Setup
l3,2,5000,2025-06-01,2025-07-01,s2,core,true,1,Core monthly
l4,4,100,2025-06-03,2025-07-03,s1,seats,true,10,Seats
""",
    "payments": """\
payment_id,invoice_id,status,amount,attempted_at
t1-1,1,succeeded,1166.25,2025-01-15 08:00:00
t2-2,2,failed,5000,2025-06-02 00:00:00
""",
}


def unix(text: str) -> int:
    """A time as Chargebee writes it."""
    return int(at(text).timestamp())


def item(price: str, unit: int | None, quantity: int = 1, **more: Any) -> Row:
    """An item of a subscription."""
    amount = {"unit_price": unit, "amount": unit * quantity} if unit is not None else {}
    return {"item_price_id": price, "item_type": "plan", "quantity": quantity, **amount, **more}


CORE = item("core-usd-year", 120_000)


def seed(fake: FakeChargebee) -> None:
    """The company."""
    made = unix("2024-12-01")
    fake.put("items", "core", made, name="core", external_name="Core", type="plan", metered=False)
    fake.put("items", "seats", made, name="Seats", type="addon", metered=False)
    fake.put("items", "setup", made, name="Setup", type="charge")
    for key, name, kind, price, unit, currency in (
        ("core-usd-year", "Core yearly", "plan", 120_000, "year", "USD"),
        ("core-jpy-month", "Core monthly", "plan", 5_000, "month", "JPY"),
        ("seats-usd-month", "Seats", "addon", 1_050, "month", "USD"),
    ):
        fake.put(
            "item_prices", key, made, name=name, item_id=key.split("-")[0], item_type=kind,
            price=price, period=1, period_unit=unit, currency_code=currency,
        )  # fmt: skip
    fake.put("item_prices", "setup-usd", made, name="Setup", item_id="setup", item_type="charge")
    address = {"country": "DE"}
    fake.put("customers", "c1", unix("2025-01-10T08:00:00"), company="Acme",
             billing_address=address, cf_account_id="A-1")  # fmt: skip
    fake.put("customers", "c2", unix("2025-01-11T08:00:00"), first_name="Ann", last_name="Lee")
    fake.put("customers", "c3", unix("2025-01-12T08:00:00"), email="gone@mail.example")
    fake.put("customers", "c3", unix("2025-03-01"), deleted=True)
    usd: Row = {"currency_code": "USD", "billing_period": 1, "billing_period_unit": "year"}
    items = [
        CORE,
        item("seats-usd-month", 1_050, 8, item_type="addon"),
        item("setup-usd", 6_625, item_type="charge"),
    ]
    start = unix("2025-01-10T08:00:00")
    fake.put("subscriptions", "s1", start, **usd, customer_id="c1", status="active",
             started_at=start, current_term_start=start, subscription_items=items,
             current_term_end=unix("2026-01-10T08:00:00"))  # fmt: skip
    end = unix("2025-07-01")
    fake.put("subscriptions", "s2", unix("2025-02-01"), customer_id="c2", status="non_renewing",
             currency_code="JPY", billing_period=1, billing_period_unit="month",
             started_at=unix("2025-02-01"), current_term_start=unix("2025-06-01"),
             current_term_end=end, cancelled_at=end, cancel_reason_code="Cost",
             subscription_items=[item("core-jpy-month", 5_000)])  # fmt: skip
    fake.put("subscriptions", "s3", unix("2025-02-01"), **usd, customer_id="c3",
             status="cancelled", started_at=unix("2025-02-01"), deleted=True,
             cancelled_at=unix("2025-03-01"), subscription_items=[CORE])  # fmt: skip
    fake.put("subscriptions", "s4", unix("2025-06-20"), **usd, customer_id="c2",
             status="in_trial", started_at=unix("2025-06-20"), trial_start=unix("2025-06-20"),
             trial_end=unix("2025-07-04"), subscription_items=[CORE])  # fmt: skip
    fake.put("subscriptions", "s5", unix("2025-06-20"), **usd, customer_id="c1", status="future",
             start_date=unix("2025-09-01"), subscription_items=[CORE])  # fmt: skip
    fake.put("subscriptions", "s6", unix("2025-03-01"), **usd, customer_id="c1", status="paused",
             started_at=unix("2025-03-01"), pause_date=unix("2025-05-01"),
             resume_date=unix("2025-08-01"), subscription_items=[CORE])  # fmt: skip
    _invoices(fake)


def _invoices(fake: FakeChargebee) -> None:
    start, paid = unix("2025-01-10T08:00:00"), unix("2025-01-15T08:00:00")
    year = {"date_from": start, "date_to": unix("2026-01-10T08:00:00")}
    once = {"date_from": start, "date_to": start}
    fake.put("invoices", "1", paid, customer_id="c1", status="paid", date=start, paid_at=paid,
             due_date=unix("2025-01-20T08:00:00"), currency_code="USD", total=116_625,
             price_type="tax_exclusive",
             line_items=[line("l1", "s1", "plan_item_price", "core-usd-year", 120_000,
                              "Core yearly", discount_amount=10_000, **year),
                         line("l2", "s1", "charge_item_price", "setup-usd", 6_625, "Setup",
                              **once)],
             linked_payments=[payment("t1", "success", 116_625, paid),
                              payment("t0", "voided", 5, paid)])  # fmt: skip
    june = {"date_from": unix("2025-06-01"), "date_to": unix("2025-07-01")}
    fake.put("invoices", "2", unix("2025-06-20"), customer_id="c2", status="not_paid",
             date=unix("2025-06-01"), currency_code="JPY", total=5_000,
             line_items=[line("l3", "s2", "plan_item_price", "core-jpy-month", 5_000,
                              "Core monthly", **june)],
             linked_payments=[payment("t2", "failure", 5_000, unix("2025-06-02"))])  # fmt: skip
    fake.put("invoices", "3", unix("2025-06-03"), customer_id="c1", status="voided",
             date=unix("2025-06-02"), currency_code="USD", total=1_000)  # fmt: skip
    days = {"date_from": unix("2025-06-03"), "date_to": unix("2025-07-03")}
    fake.put("invoices", "4", unix("2025-06-03"), customer_id="c1", status="payment_due",
             date=unix("2025-06-03"), currency_code="USD", total=11_900,
             price_type="tax_inclusive",
             line_items=[line("l4", "s1", "addon_item_price", "seats-usd-month", 11_900, "Seats",
                              tax_amount=1_900, quantity=10, **days)])  # fmt: skip


def line(key: str, sub: str, kind: str, price: str, amount: int, text: str, **more: Any) -> Row:
    """A line of an invoice."""
    return {"id": key, "subscription_id": sub, "entity_type": kind, "entity_id": price,
            "amount": amount, "quantity": 1, "description": text, **more}  # fmt: skip


def payment(key: str, status: str, amount: int, when: int) -> Row:
    """A transaction of an invoice."""
    return {"txn_id": key, "txn_status": status, "applied_amount": amount, "txn_date": when}


@pytest.fixture
def chargebee() -> Iterator[FakeChargebee]:
    with FakeChargebee(page=2) as fake:
        seed(fake)
        yield fake


@pytest.fixture
def fetched(chargebee: FakeChargebee, tmp_path: Path) -> Fetched:
    way = road("chargebee", f"{chargebee.url}/api/v2/", KEY, options=OPTIONS)
    return Fetched(way, tmp_path / "home")


@pytest.mark.road("Chargebee", "api")
def test_a_fetch_gives_the_rows_that_files_of_the_company_give(
    fetched: Fetched, tmp_path: Path
) -> None:
    report = fetched.fetch(FIRST)
    raw = fetched.load(AS_OF)
    folder = tmp_path / "deliveries"
    folder.mkdir()
    for table, text in FILES.items():
        (folder / f"{table}.csv").write_text(text, encoding="utf-8")
    other = loaded("files", folder, tmp_path / "other", 1, AS_OF)
    for table, text in FILES.items():
        columns = next(csv.reader(io.StringIO(text)))
        assert raw.rows(table, columns) == other.rows(table, columns), table
    assert raw.said() == []
    assert raw.rejects() == []
    assert report.notes == []


ITEMS = (
    "select valid_from, valid_to, quantity, unit_amount from ("
    "select *, row_number() over (partition by subscription_item_id, valid_from"
    " order by updated_at desc, _dlt_load_id desc) as place from raw_files.subscription_items"
    " where _gone_load_id is null) where place = 1 and subscription_item_id = '{}' order by 1"
)


def test_a_change_between_two_fetches_begins_on_its_day_and_the_past_stays(
    fetched: Fetched, chargebee: FakeChargebee
) -> None:
    fetched.fetch(FIRST)
    fetched.load(AS_OF)
    # Something else of it changes, then its seats, then they are taken out.
    chargebee.put("subscriptions", "s1", unix("2025-07-02"), po_number="7")
    more = item("seats-usd-month", 1_050, 12, item_type="addon")
    chargebee.put(
        "subscriptions", "s1", unix("2025-07-05T09:00:00"), subscription_items=[CORE, more]
    )
    fetched.fetch(SECOND)
    raw = fetched.load(AS_OF)
    price = Decimal("10.5000")
    assert raw.query(ITEMS.format("s1-seats-usd-month")) == [
        (date(2025, 1, 10), date(2025, 7, 5), Decimal(8), price),
        (date(2025, 7, 5), None, Decimal(12), price),
    ]
    chargebee.put("subscriptions", "s1", unix("2025-07-15"), subscription_items=[CORE])
    fetched.fetch(THIRD)
    raw = fetched.load(AS_OF)
    assert raw.query(ITEMS.format("s1-seats-usd-month")) == [
        (date(2025, 1, 10), date(2025, 7, 5), Decimal(8), price),
        (date(2025, 7, 5), date(2025, 7, 15), Decimal(12), price),
    ]
    core = [(date(2025, 1, 10), None, Decimal(1), Decimal(1200))]
    assert raw.query(ITEMS.format("s1-core-usd-year")) == core
    assert raw.rejects() == []


def test_nothing_comes_twice(fetched: Fetched) -> None:
    fetched.fetch(FIRST)
    before = fetched.load(AS_OF).query("select count(*) from raw_files.subscriptions")
    assert fetched.fetch(SECOND).rows == {}
    assert fetched.load(AS_OF).query("select count(*) from raw_files.subscriptions") == before


def test_prices_by_tier_with_free_units_and_in_decimal_are_spread_over_the_quantity(
    fetched: Fetched, chargebee: FakeChargebee
) -> None:
    tiered = item("seats-usd-month", None, 4, amount=1_000, item_type="addon")
    free = item("seats-usd-month", 1_000, 5, free_quantity=1, amount=4_000, item_type="addon")
    exact = {
        "item_price_id": "seats-usd-month",
        "item_type": "addon",
        "quantity": 2,
        "quantity_in_decimal": "2.5",
        "unit_price_in_decimal": "0.125",
        "amount_in_decimal": "0.3125",
    }
    for key, row in (("s1", tiered), ("s4", free), ("s6", exact)):
        chargebee.put("subscriptions", key, unix("2025-06-29"), subscription_items=[row])
    fetched.fetch(FIRST)
    raw = fetched.load(AS_OF)
    found = {
        key: raw.query(ITEMS.format(f"{key}-seats-usd-month"))[0][2:] for key in ("s1", "s4", "s6")
    }
    assert found == {
        "s1": (Decimal(4), Decimal("2.5")),
        "s4": (Decimal(5), Decimal(8)),
        "s6": (Decimal("2.5"), Decimal("0.125")),
    }


def test_coupons_and_discounts_are_not_read_and_that_is_said(
    fetched: Fetched, chargebee: FakeChargebee
) -> None:
    chargebee.put("subscriptions", "s1", unix("2025-06-29"), coupons=[{"coupon_id": "ten"}])
    chargebee.put("subscriptions", "s3", unix("2025-06-29"), coupons=[{"coupon_id": "ten"}])
    report = fetched.fetch(FIRST)
    assert [note.partition(" of those")[0] for note in report.notes] == [
        "Chargebee, subscriptions: 1"
    ]


def test_a_site_with_plans_instead_of_items_is_refused(
    fetched: Fetched, chargebee: FakeChargebee
) -> None:
    old = {"plan_id": "pro", "plan_quantity": 1, "customer_id": "c1", "status": "active"}
    chargebee.put("subscriptions", "s9", unix("2025-06-29"), **old)
    with pytest.raises(ConnectError, match=r"s9 has a plan and no items: .*catalog 1\.0"):
        fetched.fetch(FIRST)


def test_a_field_of_the_customer_may_name_the_account(
    chargebee: FakeChargebee, tmp_path: Path
) -> None:
    sql = "coalesce(customer._whole ->> '$.cf_account_id', subscription.customer_id)"
    way = road(
        "chargebee",
        f"{chargebee.url}/api/v2/",
        KEY,
        options=OPTIONS,
        columns={"subscriptions": {"account_id": sql}},
    )
    fetched = Fetched(way, tmp_path / "home")
    fetched.fetch(FIRST)
    found = fetched.load(AS_OF).rows("subscriptions", ["subscription_id", "account_id"])
    assert found[:2] == [("s1", "A-1"), ("s2", "c2")]


def test_equal_times_and_changes_meanwhile_lose_nothing(
    fetched: Fetched, chargebee: FakeChargebee
) -> None:
    for number in range(10, 19):
        chargebee.put("customers", f"c{number}", unix("2025-06-01"), company=f"Company {number}")
    pages = 0

    def meanwhile(_: int, request: Request) -> None:
        nonlocal pages
        if request.path.endswith("/customers"):
            pages += 1
            if pages == 3:
                chargebee.put("customers", "c10", unix("2025-06-29"), company="Renamed")

    chargebee.before = meanwhile
    fetched.fetch(FIRST)
    names = dict(fetched.load(AS_OF).rows("accounts", ["account_id", "account_name"]))
    assert len(names) == 12
    assert names["c10"] == "Renamed"


def test_limits_cut_answers_and_keys_are_handled_as_of_every_system(
    fetched: Fetched, chargebee: FakeChargebee
) -> None:
    chargebee.fail("/customers", Answer({}, status=429, headers={"Retry-After": "0"}), times=2)
    chargebee.fail("/invoices", Answer({"list": [{}] * 9}, cut="with its own length"))
    chargebee.fail("/subscriptions", Answer({"next_offset": "x"}))
    with pytest.raises(ConnectError, match="Chargebee, subscriptions: the answer has no list"):
        fetched.fetch(FIRST)
    fetched.fetch(FIRST)
    assert len(fetched.load(AS_OF).rows("invoices", ["invoice_id"])) == 4
    chargebee.denied = "invoices"
    seen = {sight.name: (sight.seen, sight.tables) for sight in check(fetched.road)}
    assert seen["invoices"] == (False, ["invoices", "invoice_lines", "payments"])
    assert seen["subscriptions"][0]
    wrong = replace(fetched.road, base_url=f"{chargebee.url}/api/v2/")
    other = Fetched(road("chargebee", str(wrong.base_url), "wrong", options=OPTIONS), fetched.home)
    with pytest.raises(ConnectError, match=r"refused \(401\).*API Keys"):
        other.fetch(SECOND)
