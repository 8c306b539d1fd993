"""What Stripe subscriptions were where loads and invoices tell it, not events.

One account per situation; a seat is 1,200.00 a year. docs/reference/stripe-subscriptions.md lists
the forms, each with the test that holds it.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.python.cases.company import Built, build, run_models
from tests.python.cases.stripe import line, price
from tests.python.cases.stripe_exports import PRICE, SOURCES, Row, StripeExport, unix

TARGETS = (
    "fct_account_month",
    "fct_data_gap",
    "int_billing_receivables",
    "int_billing_invoice_lines",
    "int_stripe_subscription_states",
)
PAST = "neither events nor invoices tell"


def deliver(folder: Path, loads: Sequence[tuple[str, StripeExport]], as_of: str) -> Built:
    """A company whose exports were loaded at a moment each, the earliest first."""
    for number, (_, export) in enumerate(loads, 1):
        made = build(
            folder / "home",
            export.write(),
            sources=SOURCES,
            as_of=as_of,
            targets=(),
            deliveries=number,
        )
        assert made.load_errors == {}
        if number < len(loads):
            made.connection.close()
    found = made.rows(
        "select distinct _dlt_load_id from raw_stripe.subscription union"
        " select distinct _dlt_load_id from raw_stripe.event order by all"
    )
    assert len(found) == len(loads)
    for (loaded,), (moment, _) in zip(found, loads, strict=True):
        for table in ("subscription", "event"):
            made.connection.execute(
                f"update raw_stripe.{table} set _dlt_load_id = ? where _dlt_load_id = ?",
                [str(float(unix(moment))), loaded],
            )
    run_models(made, TARGETS)
    return made


def gaps(made: Built, object_id: str) -> dict[str, str]:
    """Codes of the gaps of an object with what they say."""
    return dict(
        made.rows(
            "select gap, what_is_missing from facts.fct_data_gap"
            " where object_id = ? and severity <> 'info'",
            object_id,
        )
    )


@pytest.fixture
def two_loads(tmp_path: Path) -> Callable[..., Built]:
    """Build one subscription: an event, then what two loads brought beside it."""

    def made(account: str, event: Row, *loads: tuple[str, Row]) -> Built:
        exports = []
        for number, (moment, change) in enumerate(loads):
            export = StripeExport(tmp_path / f"exports_{number}")
            row = export.subscription(account, **event)
            export.event("created", row, on="2025-05-01")
            export.object(row | change)
            exports.append((moment, export))
        return deliver(tmp_path, exports, as_of="2025-12-31")

    return made


def test_a_load_after_the_one_that_ended_a_trial_counts_from_its_own_day(two_loads) -> None:
    made = two_loads(
        "trial",
        {
            "start": "2025-05-01",
            "status": "trialing",
            "trial_start": unix("2025-05-01"),
            "trial_end": unix("2025-06-01"),
        },
        ("2025-11-02T06:00:00", {"status": "active", "items": StripeExport.items("trial", 10)}),
        ("2025-12-16T06:00:00", {"status": "active", "items": StripeExport.items("trial", 20)}),
    )
    assert made.movements("trial") == [
        ("2025-06-01", "new", 12000.0),
        ("2025-12-01", "expansion", 12000.0),
    ]


def test_a_load_after_the_one_that_ended_an_incomplete_start_counts_from_its_own_day(
    two_loads,
) -> None:
    made = two_loads(
        "start",
        {"start": "2025-05-01", "status": "incomplete"},
        ("2025-06-02T06:00:00", {"status": "active"}),
        ("2025-11-02T06:00:00", {"status": "unpaid"}),
    )
    assert made.movements("start") == [
        ("2025-05-01", "new", 1200.0),
        ("2025-11-01", "churn", -1200.0),
    ]


def test_who_vanishes_from_later_lists_is_named_once_its_period_is_over(tmp_path: Path) -> None:
    # Without status=all the list of subscriptions leaves out those that were cancelled.
    loads = []
    for number, (moment, begins, ends) in enumerate(
        [
            ("2025-09-02T06:00:00", "2025-09-01", "2025-10-01"),
            ("2025-11-02T06:00:00", "2025-11-01", "2025-12-01"),
        ]
    ):
        export = StripeExport(tmp_path / f"exports_{number}")
        period = {"current_period_start": unix(begins), "current_period_end": unix(ends)}
        export.object(export.subscription("stays", start="2025-09-01") | period)
        export.object(
            export.subscription("by_the_year", start="2025-09-01")
            | period
            | {"current_period_end": unix("2026-09-01")}
        )
        if number == 0:
            export.object(export.subscription("vanishes", start="2025-09-01") | period)
        loads.append((moment, export))
    made = deliver(tmp_path, loads, as_of="2025-11-30")
    assert gaps(made, "sub_stays") == gaps(made, "sub_by_the_year") == {}
    told = gaps(made, "sub_vanishes")
    assert list(told) == ["renewal_untold"]
    assert "it was active until 2025-10-01" in told["renewal_untold"]


def after_as_of(export: StripeExport) -> None:
    """Who has ended between the end of the as-of day and the load."""
    early = {"ended_at": unix("2025-07-01T02:00:00")}
    over = early | {"status": "canceled", "canceled_at": unix("2025-07-01T02:00:00")}
    trial = {"trial_start": unix("2025-06-25"), "trial_end": unix("2025-07-25")}
    row = export.subscription("expired", start="2025-06-30T03:00:00")
    export.object(row | early | {"status": "incomplete_expired"})
    export.object(export.subscription("trial_left", start="2025-06-25") | over | trial)
    # Its trial is over since.
    row = export.subscription("trial_paid", start="2025-06-25")
    export.object(row | trial | {"trial_end": unix("2025-07-01T01:00:00")})
    export.object(export.subscription("paid", start="2025-06-30T03:00:00") | over)


def test_who_ends_after_the_as_of_day_was_on_it_what_it_was_before(tmp_path: Path) -> None:
    export = StripeExport(tmp_path / "exports")
    after_as_of(export)
    made = deliver(tmp_path, [("2025-07-01T06:00:00", export)], as_of="2025-06-30")
    for account in ("expired", "trial_left", "trial_paid"):
        assert made.movements(account) == [], account
        assert gaps(made, f"sub_{account}") == {}, account
    # Nothing says otherwise.
    assert made.movements("paid") == [("2025-06-01", "new", 1200.0)]


def test_who_ends_after_the_as_of_day_was_on_it_what_the_load_before_says(tmp_path: Path) -> None:
    loads = []
    for number, change in enumerate(
        [{"status": "unpaid"}, {"status": "canceled", "ended_at": unix("2025-07-01T02:00:00")}]
    ):
        export = StripeExport(tmp_path / f"exports_{number}")
        export.object(export.subscription("given_up", start="2025-06-20") | change)
        loads.append((f"2025-{6 + number:02d}-{21 - 20 * number:02d}T06:00:00", export))
    made = deliver(tmp_path, loads, as_of="2025-06-30")
    assert made.movements("given_up") == []


def untold(export: StripeExport) -> None:
    """Objects without a past: neither events nor invoices."""
    for account, change in {
        "over": {"status": "canceled"},
        "unpaid": {"status": "unpaid"},
        "collection_paused": {"pause_collection": {"behavior": "void", "resumes_at": None}},
        "paused": {"status": "paused"},
        "active": {"items": export.items("active", 50)},
        "past_due": {"status": "past_due"},
        "never_paid": {
            "status": "paused",
            "trial_start": unix("2024-07-01"),
            "trial_end": unix("2024-08-01"),
        },
        "incomplete": {"status": "incomplete"},
        "in_trial": {
            "status": "trialing",
            "trial_start": unix("2024-07-01"),
            "trial_end": unix("2025-09-01"),
        },
    }.items():
        export.object(export.subscription(account) | change)
    export.object(export.subscription("made_today", start="2025-06-30T08:00:00"))
    # The first thing known of it is that it is paid again.
    row = export.subscription("recovered")
    export.event("updated", row, on="2025-06-10", before={"status": "unpaid"})
    export.object(row)
    billed = export.subscription("billed")
    export.object(billed)
    export.object(export.subscription("billed_late"))
    for account, first in {"billed": "2024-07-01", "billed_late": "2025-02-01"}.items():
        bill(
            export,
            account,
            "paid",
            line(f"il_{account}", 10000, (first, "2025-07-01"), price=PRICE),
        )


def bill(export: StripeExport, account: str, status: str | None, *lines: Row) -> None:
    """An invoice of one item."""
    on = min(each["period"]["start"] for each in lines)
    export.tables["invoices"].append(
        {
            "id": f"in_{account}",
            "customer": f"cus_{account}",
            "subscription": f"sub_{account}",
            "status": status,
            "created": on,
            "currency": "usd",
            "subtotal": sum(each["amount"] for each in lines),
            "total": sum(each["amount"] for each in lines),
        }
    )
    said = {
        "invoice": f"in_{account}",
        "subscription": f"sub_{account}",
        "subscription_item": f"si_{account}",
    }
    export.tables["invoice_line_items"] += [each | said for each in lines]


NEW = ("2024-07-01", "new", 1200.0)
# Account: what moved, and whether a gap says that its past is untold.
UNTOLD: dict[str, tuple[list[Any], bool]] = {
    "over": ([NEW, ("2025-06-01", "churn", -1200.0)], True),
    "unpaid": ([NEW, ("2025-06-01", "churn", -1200.0)], True),
    "collection_paused": ([NEW, ("2025-06-01", "contraction", -1200.0)], True),
    "paused": ([NEW, ("2025-06-01", "contraction", -1200.0)], True),
    "active": ([("2024-07-01", "new", 60000.0)], True),
    "past_due": ([NEW], True),
    "never_paid": ([], False),
    "incomplete": ([], False),
    "in_trial": ([], False),
    "made_today": ([("2025-06-01", "new", 1200.0)], False),
    "recovered": ([NEW], True),
    "billed": ([NEW], False),
    "billed_late": ([NEW], True),
}


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The company of all that has no past."""
    folder = tmp_path_factory.mktemp("stripe_loads")
    export = StripeExport(folder / "exports")
    untold(export)
    return deliver(folder, [("2025-07-01T06:00:00", export)], as_of="2025-06-30")


@pytest.mark.parametrize("account", UNTOLD)
def test_an_untold_past_was_paid_and_is_named(company: Built, account: str) -> None:
    moved, is_named = UNTOLD[account]
    assert company.movements(account) == moved
    said = gaps(company, f"sub_{account}")
    assert ("history_untold" in said) == is_named, said
    if is_named:
        assert PAST in said["history_untold"]


def test_an_untold_past_is_a_warning(company: Built) -> None:
    assert company.rows(
        "select distinct severity from facts.fct_data_gap where gap = 'history_untold'"
    ) == [("warning",)]
    (said,) = company.rows(
        "select what_is_missing from facts.fct_data_gap where gap = 'history_untold'"
        " and object_id = 'sub_billed_late'"
    )
    assert "from 2024-07-01 to 2025-02-01" in said[0]


def test_tiers_of_one_item_are_one_quantity(tmp_path: Path) -> None:
    """Stripe bills a graduated price tier by tier, and what is flat in a tier with quantity 0."""
    export = StripeExport(tmp_path / "exports")
    tiered = price("p_tiers", tiers_mode="graduated")
    item = {"id": "si_tiers", "object": "subscription_item", "price": tiered, "quantity": 15}
    items = {"object": "list", "data": [item], "has_more": False, "total_count": 1}
    row = export.subscription("tiers", start="2025-01-01", items=items)
    export.event("updated", row, on="2025-06-10", before={"metadata": {}})
    export.object(row)
    period = ("2025-01-01", "2025-02-01")
    bill(
        export,
        "tiers",
        "paid",
        line("il_a", 9000, period, price=tiered, quantity=10),
        line("il_b", 4000, period, price=tiered, quantity=5),
        line("il_c", 1000, period, price=tiered, quantity=0),
    )
    made = deliver(tmp_path, [("2025-07-01T06:00:00", export)], as_of="2025-06-30")
    assert made.movements("tiers") == [("2025-01-01", "new", 1680.0)]
    assert gaps(made, "sub_tiers") == {}


STATUSES = {
    "draft": (False, False),
    "open": (True, True),
    "paid": (True, True),
    "uncollectible": (True, True),
    "void": (False, True),
    "Void": (False, True),
    "OPEN ": (True, True),
    "deleted": (False, True),
    "voided": (False, False),
    "": (False, False),
}


def test_only_what_is_a_bill_is_billed_and_owed_and_the_rest_is_named(tmp_path: Path) -> None:
    export = StripeExport(tmp_path / "exports")
    for number, status in enumerate([*STATUSES, None]):
        account = f"a{number}"
        row = export.subscription(account, start="2025-01-01")
        export.event("created", row, on="2025-01-01")
        export.object(row)
        year = ("2025-01-01", "2026-01-01")
        bill(export, account, status, line(f"il_{number}", 120000, year, price=PRICE))
    made = deliver(tmp_path, [("2025-07-01T06:00:00", export)], as_of="2025-06-30")
    for number, status in enumerate([*STATUSES, None]):
        is_bill = status is not None and status.strip().lower() in ("open", "paid", "uncollectible")
        is_known = status is not None and status.strip().lower() in (
            "open", "paid", "uncollectible", "draft", "void", "deleted",
        )  # fmt: skip
        assert (
            made.value(
                "select is_billed from intermediate.int_billing_invoice_lines where invoice_id = ?",
                f"in_a{number}",
            )
            is is_bill
        ), status
        owed = made.value(
            "select coalesce(ended_on > issued_on, true)"
            " from intermediate.int_billing_receivables where invoice_id = ?",
            f"in_a{number}",
        )
        assert bool(owed) is (is_bill and status != "paid"), status
        said = gaps(made, f"in_a{number}")
        assert said.keys() == (set() if is_known else {"invoice_status_unknown"}), status


def test_usage_of_an_unknown_price_is_not_licensed_money(tmp_path: Path) -> None:
    """The newest API names the price of a line, and nothing else of it."""
    export = StripeExport(tmp_path / "exports")

    def sold(account: str, quantity: int | None, its_price: Any, *, is_listed: bool) -> None:
        item: Row = {"id": f"si_{account}", "object": "subscription_item", "price": its_price}
        if quantity is not None:
            item["quantity"] = quantity
        items = {"object": "list", "data": [item], "has_more": False, "total_count": 1}
        row = export.subscription(account, start="2025-01-01", items=items)
        export.event(
            "created" if is_listed else "updated",
            row,
            on="2025-01-01" if is_listed else "2025-06-10",
            before=None if is_listed else {"metadata": {}},
        )
        export.object(row)
        pricing = {
            "type": "price_details",
            "price_details": {"price": f"p_{account}", "product": "prod_core"},
        }
        used = line(f"il_{account}", 5000, ("2025-01-01", "2025-02-01"), quantity=500)
        bill(export, account, "paid", used | {"pricing": pricing})

    metered = price("p_metered", 10, usage="metered")
    sold("unknown", None, "p_unknown", is_listed=True)
    sold("unknown_past", None, "p_unknown_past", is_listed=False)
    sold("metered", None, metered, is_listed=False)
    sold("licensed", 500, "p_licensed", is_listed=False)
    made = deliver(tmp_path, [("2025-07-01T06:00:00", export)], as_of="2025-06-30")
    for account in ("unknown", "unknown_past"):
        assert made.movements(account) == []
        assert "delivered as an id alone" in gaps(made, f"sub_{account}")["price_unknown"]
    assert made.movements("metered") == []
    assert gaps(made, "sub_metered") == {}
    assert made.movements("licensed") == [("2025-01-01", "new", 600.0)]
    assert (
        made.value(
            "select line_kind from intermediate.int_billing_invoice_lines"
            " where invoice_id = 'in_metered' and line_kind <> 'tax'"
        )
        == "usage"
    )
