"""Stripe by its API: the same rows as an export, whatever happens while they are fetched."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.python.connect.company import Fetched, LoadError, Raw, assert_same, at, loaded, road
from tests.python.connect.fake_stripe import KEY, FakeStripe
from tests.python.connect.server import Request

pytestmark = pytest.mark.road("Stripe", "api")

FIRST, SECOND, THIRD = at("2026-01-01"), at("2026-01-02"), at("2026-01-03")


@pytest.fixture
def stripe(exports: Path) -> Iterator[FakeStripe]:
    """A company of a few accounts; pages are small."""
    with FakeStripe(FIRST, page=7) as fake:
        fake.seed(exports / "stripe")
        fake.keeps = timedelta(days=36500)
        yield fake


@pytest.fixture
def fetched(stripe: FakeStripe, tmp_path: Path) -> Fetched:
    return Fetched(road("stripe", f"{stripe.url}/v1/", KEY), tmp_path / "home")


def newest(raw: Raw, table: str, key: str, column: str) -> object:
    """A value of the newest loaded row of a key."""
    found = raw.query(
        f"select {column} from raw_stripe.{table} where id = '{key}'"
        " order by _dlt_load_id desc, _source_line desc limit 1"
    )
    return found[0][0] if found else None


def test_a_fetch_gives_the_rows_of_an_export(
    fetched: Fetched, exports: Path, tmp_path: Path
) -> None:
    report = fetched.fetch(FIRST)
    raw = fetched.load()
    exported = loaded("stripe", exports / "stripe", tmp_path / "other", 1, date(2026, 1, 1))
    assert_same(raw, exported)
    assert raw.said() == []
    assert raw.rejects() == []
    assert report.notes == []
    assert report.rows["invoice"] == len(exported.rows("invoice", ["id"]))


def test_a_fetch_of_nothing_new_loads_nothing(fetched: Fetched) -> None:
    fetched.fetch(FIRST)
    before = fetched.load()
    rows = {table: before.rows(table, ["id"]) for table in ("customer", "invoice", "event")}
    report = fetched.fetch(SECOND)
    after = fetched.load()
    assert {table: after.rows(table, ["id"]) for table in rows} == rows
    assert after.said() == []
    # Lists that are read whole are not written again.
    assert "subscription" not in report.rows
    assert "customer" not in report.rows


def test_what_changed_since_is_loaded_as_a_new_version(
    fetched: Fetched, stripe: FakeStripe
) -> None:
    stripe.add("invoices", {"id": "in_open", "customer": "cus_x", "currency": "usd", "total": 5,
                            "status": "open", "created": 1700000000})  # fmt: skip
    stripe.lines["in_open"] = []
    fetched.fetch(FIRST)
    fetched.load()
    stripe.now = SECOND
    subscription = stripe.lists["subscriptions"][0]
    stripe.change("invoices", "in_open", "invoice.paid", status="paid")
    stripe.change(
        "subscriptions", subscription["id"], "customer.subscription.updated", status="past_due"
    )
    fetched.fetch(SECOND)
    raw = fetched.load()
    assert newest(raw, "invoice", "in_open", "status") == "paid"
    assert newest(raw, "subscription", subscription["id"], "status") == "past_due"
    assert raw.said() == []


def test_lines_and_items_beyond_the_first_ten_are_fetched(
    fetched: Fetched, stripe: FakeStripe
) -> None:
    invoice = stripe.lists["invoices"][-1]["id"]
    line = stripe.lines[invoice][0]
    stripe.lines[invoice] = [line | {"id": f"il_{n}"} for n in range(23)]
    subscription = stripe.lists["subscriptions"][0]
    item = subscription["items"]["data"][0]
    subscription["items"]["data"] = [item | {"id": f"si_{n}"} for n in range(23)]
    fetched.fetch(FIRST)
    raw = fetched.load()
    lines = raw.query(f"select id from raw_stripe.invoice_line_item where invoice = '{invoice}'")
    assert {row[0] for row in lines} == {f"il_{n}" for n in range(23)}
    items = newest(raw, "subscription", subscription["id"], "json_array_length(items, '$.data')")
    assert items == 23


def test_lines_of_a_draft_are_read_when_it_is_final(fetched: Fetched, stripe: FakeStripe) -> None:
    old = stripe.lists["invoices"][-1]
    line = stripe.lines[old["id"]][0] | {"invoice": "in_draft"}
    stripe.add("invoices", old | {"id": "in_draft", "status": "draft"})
    stripe.lines["in_draft"] = [line | {"id": "il_a"}, line | {"id": "il_dropped"}]
    fetched.fetch(FIRST)
    stripe.now = SECOND
    stripe.lines["in_draft"].pop()
    stripe.change("invoices", "in_draft", "invoice.finalized", status="open")
    fetched.fetch(SECOND)
    raw = fetched.load()
    lines = raw.query("select id from raw_stripe.invoice_line_item where invoice = 'in_draft'")
    assert lines == [("il_a",)]


def test_objects_of_one_second_at_the_edge_of_a_page_are_all_there(
    fetched: Fetched, stripe: FakeStripe
) -> None:
    charge = stripe.lists["charges"][0]
    for number in range(30):
        stripe.add("charges", charge | {"id": f"ch_{number}", "created": 1766000000})
    fetched.fetch(FIRST)
    found = fetched.load().query("select id from raw_stripe.charge where created = 1766000000")
    assert len(found) == 30


def test_what_is_made_while_pages_are_read_comes_with_the_next_fetch(
    fetched: Fetched, stripe: FakeStripe
) -> None:
    charge = stripe.lists["charges"][0]
    known = len(stripe.lists["charges"])
    pages = 0

    def meanwhile(_: int, request: Request) -> None:
        nonlocal pages
        if request.path.endswith("/charges"):
            pages += 1
            if pages == 2:
                stripe.add("charges", charge | {"id": "ch_late", "created": 1767225601})

    stripe.before = meanwhile
    fetched.fetch(FIRST)
    assert len(fetched.load().rows("charge", ["id"])) == known
    fetched.fetch(SECOND)
    raw = fetched.load()
    assert len(raw.rows("charge", ["id"])) == known + 1
    assert newest(raw, "charge", "ch_late", "id") == "ch_late"


def test_a_deleted_customer_is_told_once(fetched: Fetched, stripe: FakeStripe) -> None:
    key = stripe.lists["customers"][0]["id"]
    fetched.fetch(FIRST)
    fetched.load()
    stripe.now = SECOND
    stripe.delete_customer(key)
    fetched.fetch(SECOND)
    raw = fetched.load()
    assert newest(raw, "customer", key, "deleted") is True
    assert newest(raw, "event", f"evt_{len(stripe.lists['events']) - 1}", "type")
    report = fetched.fetch(THIRD)
    assert "customer" not in report.rows
    assert raw.said() == []


def test_a_customer_deleted_before_the_first_fetch_is_known_as_deleted(
    fetched: Fetched, stripe: FakeStripe
) -> None:
    key = stripe.lists["subscriptions"][0]["customer"]
    stripe.delete_customer(key)
    fetched.fetch(FIRST)
    assert newest(fetched.load(), "customer", key, "deleted") is True


def test_events_are_those_of_the_last_thirty_days_and_a_longer_pause_is_told(
    fetched: Fetched, stripe: FakeStripe
) -> None:
    stripe.keeps = timedelta(days=30)
    fetched.fetch(FIRST)
    old = stripe.lists["invoices"][0]["id"]
    stripe.now = at("2026-01-05")
    stripe.change("invoices", old, "invoice.voided", status="void")
    stripe.now = at("2026-03-01")
    report = fetched.fetch(stripe.now)
    assert "the last fetch was on 2026-01-01" in report.notes[0]
    # No event tells of the change any more: all invoices are read again.
    assert newest(fetched.load(), "invoice", old, "status") == "void"


def test_the_start_leaves_out_older_bills_and_no_subscription(
    stripe: FakeStripe, tmp_path: Path
) -> None:
    since = road("stripe", f"{stripe.url}/v1/", KEY, start=date(2025, 6, 1))
    fetched = Fetched(since, tmp_path / "home")
    fetched.fetch(FIRST)
    raw = fetched.load()
    first = int(at("2025-06-01").timestamp())
    assert raw.query("select min(created) >= " + str(first) + " from raw_stripe.invoice")[0][0]
    assert len(raw.rows("subscription", ["id"])) == len(stripe.lists["subscriptions"])


def test_events_are_read_before_the_objects_whose_changes_they_tell(
    fetched: Fetched, stripe: FakeStripe
) -> None:
    fetched.fetch(FIRST)
    first = {path: number for number, path in reversed(list(enumerate(stripe.paths())))}
    for path in ("/v1/subscriptions", "/v1/customers", "/v1/invoices"):
        assert first["/v1/events"] < first[path]


def test_tiers_and_discounts_are_asked_for(fetched: Fetched, stripe: FakeStripe) -> None:
    price = stripe.lists["prices"][0]
    stripe.add("prices", price | {"id": "price_tiers", "tiers": [{"up_to": 5, "unit_amount": 1}]})
    subscription = stripe.lists["subscriptions"][0]
    subscription["discounts"] = [{"id": "di_1", "source": {"coupon": {"id": "half"}}}]
    fetched.fetch(FIRST)
    raw = fetched.load()
    assert newest(raw, "price", "price_tiers", "tiers->0->>'up_to'") == "5"
    key = subscription["id"]
    assert newest(raw, "subscription", key, "discounts->0->'source'->'coupon'->>'id'") == "half"


def test_a_new_field_is_kept_and_a_missing_required_one_is_named(
    fetched: Fetched, stripe: FakeStripe
) -> None:
    stripe.lists["products"][0]["shelf"] = "top"
    fetched.fetch(FIRST)
    raw = fetched.load()
    assert ("top",) in raw.query("select shelf from raw_stripe.product")
    price = stripe.lists["prices"][0] | {"id": "price_odd"}
    del price["currency"]
    stripe.add("prices", price)
    fetched.fetch(SECOND)
    with pytest.raises(LoadError, match=r"price/.*required column currency is missing"):
        fetched.load()


def test_an_object_the_key_may_not_see_is_named_and_the_others_go_on_where_it_is_optional(
    fetched: Fetched, stripe: FakeStripe
) -> None:
    stripe.denied = {"disputes"}
    report = fetched.fetch(FIRST)
    assert len(report.notes) == 1
    assert "Stripe, disputes" in report.notes[0]
    assert "Disputes: read" in report.notes[0]
    assert report.rows["invoice"]
    assert fetched.fetch(SECOND).notes == report.notes
    # Later the key may: everything is read, though other objects were fetched before.
    stripe.denied = set()
    stripe.add("disputes", {"id": "dp_1", "created": 1700000000, "status": "lost"})
    assert fetched.fetch(THIRD).rows["dispute"] == 1
