"""One error of each kind is planted; the tie-out names each, and stays quiet about the rest."""

import pytest

from tests.python.cases.companies import FilesCompany, StripeCompany, months, price
from tests.python.cases.company import build, build_case

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Accounts that are named after what is wrong with them."""
    made = FilesCompany()
    made.fx_rates = [
        {"currency": "EUR", "valid_from": "2023-01-01", "rate_to_reporting": 1.10},
        {"currency": "EUR", "valid_from": "2025-03-01", "rate_to_reporting": 1.20},
    ]
    for account in (
        "sound",
        "missing",
        "voided",
        "double",
        "overlapping",
        "recurring_credit",
        "older_credit",
        "part_credit",
        "wrong_price",
        "billed_before",
    ):
        made.contract(account)
    for account in (
        "sound",
        "double",
        "overlapping",
        "recurring_credit",
        "older_credit",
        "part_credit",
        "billed_before",
    ):
        made.bill_monthly(account)
    made.bill_monthly("missing", last="2025-05-01")
    made.bill("missing", 100, "2025-06-01", "2025-07-01")
    made.bill_monthly("voided", last="2025-05-01")
    made.bill("voided", 100, "2025-05-01", "2025-06-01", status="void")
    made.bill("voided", 100, "2025-06-01", "2025-07-01")
    made.bill("double", 100, "2025-05-01", "2025-06-01")
    made.bill("overlapping", 100, "2025-05-15", "2025-06-15")
    made.bill("recurring_credit", -40, "2025-03-01", "2025-04-01", issued="2025-04-10")
    made.bill("older_credit", -250, "2025-02-01", "2025-05-01", issued="2025-06-10")
    made.bill("part_credit", -10, "2025-03-10", "2025-03-20", issued="2025-04-10")
    made.bill_monthly("wrong_price", 90)
    made.bill("billed_before", 50, "2024-12-01", "2025-01-01")
    made.bill("no_contract", 70, "2025-05-01", "2025-06-01")
    # Ends.
    made.contract("kept", ended_at="2025-04-15", status="canceled")
    made.bill_monthly("kept", last="2025-05-01")
    made.contract("after_end", ended_at="2025-04-15", status="canceled")
    made.bill_monthly("after_end", last="2025-06-01")
    made.contract("on_the_day", ended_at="2025-05-01", status="canceled")
    made.bill_monthly("on_the_day", last="2025-06-01")
    made.contract("gap", valid_to="2025-03-10")
    made.item("gap", 100, valid_from="2025-03-20")
    made.bill_monthly("gap")
    # Quantities and currencies.
    made.contract("quantity", 10, quantity=10)
    made.bill_monthly("quantity", 80, quantity=8)
    made.contract("number", 100)
    made.bill_monthly("number", 100, currency="EUR")
    made.contract("day_rate", 100, currency="EUR")
    made.bill_monthly("day_rate", 110, last="2025-03-01")
    made.bill_monthly("day_rate", 120, "2025-03-01")
    made.contract("near_rate", 100, currency="EUR")
    made.bill_monthly("near_rate", 115, last="2025-03-01")
    made.contract("foreign_price", 100, currency="EUR")
    made.bill_monthly("foreign_price", 150)
    # What the billing system does not call recurring.
    made.contract("sold_once", 1200, billing_interval="year")
    made.bill("sold_once", 1200, "2025-01-01", "2026-01-01", is_recurring="false")
    # Terms.
    for account, amount in (("ramp", 72000), ("short_ramp", 70000)):
        made.contract(account, 12000, "2023-07-01", billing_interval="year", valid_to="2024-07-01")
        made.item(
            account, 24000, valid_from="2024-07-01", valid_to="2025-07-01", billing_interval="year"
        )
        made.item(account, 36000, valid_from="2025-07-01", billing_interval="year")
        made.bill(account, amount, "2023-07-01", "2026-07-01")
    made.contract("half_years", 1000, valid_to="2025-04-01", start="2024-10-01")
    made.item("half_years", 2000, valid_from="2025-04-01", valid_to="2025-10-01")
    made.bill("half_years", 18000, "2024-10-01", "2025-10-01")
    made.contract(
        "even_years",
        12000,
        "2023-07-01",
        billing_interval="year",
        valid_to="2024-07-01",
        current_term_start="2023-07-01",
        current_term_end="2026-07-01",
    )
    made.item(
        "even_years", 24000, valid_from="2024-07-01", valid_to="2025-07-01", billing_interval="year"
    )
    made.item("even_years", 36000, valid_from="2025-07-01", billing_interval="year")
    made.bill("even_years", 24000, "2023-07-01", "2024-07-01")
    made.bill("even_years", 24000, "2024-07-01", "2025-07-01")
    made.contract(
        "coupon", 1200, billing_interval="year", discount_percent=50, discount_until="2025-04-01"
    )
    made.bill("coupon", 600, "2025-01-01", "2026-01-01")
    # A change in a paid year waits for the next bill.
    made.contract(
        "seats", 100, "2024-09-01", quantity=1, billing_interval="year", valid_to="2025-02-01"
    )
    made.item("seats", 100, valid_from="2025-02-01", quantity=3, billing_interval="year")
    made.bill("seats", 100, "2024-09-01", "2025-09-01")
    folder = tmp_path_factory.mktemp("files")
    built = build(folder / "home", {"files": made.write(folder / "in")})
    assert built.failing_tests() == []
    return built


def told(built, account):
    """Reason, finding and exception of the months that say more than the calendar does."""
    return [
        (str(month)[:7], reason, finding)
        for month, reason, finding in built.rows(
            "select month, reason, finding from marts.mart_arr_tie_out"
            " where account_id = ? and (is_exception or reason <> 'timing' or timing_term <> 0)"
            " and reason <> 'none' order by month",
            account,
        )
    ]


FIRST_HALF = [month[:7] for month, _ in months("2025-01-01", "2025-07-01")]


@pytest.mark.parametrize("account", ["sound"])
def test_a_sound_account_is_quiet(files, account):
    assert told(files, account) == []


@pytest.mark.parametrize(
    ("account", "expected"),
    [
        ("missing", [("2025-05", "unexplained", "missing_bill")]),
        ("voided", [("2025-05", "unexplained", "bill_made_void")]),
        ("double", [("2025-05", "unexplained", "double_bill")]),
        ("overlapping", [(m, "unexplained", "double_bill") for m in ("2025-05", "2025-06")]),
        ("recurring_credit", [("2025-03", "credit", None)]),
        ("older_credit", [(m, "credit", None) for m in ("2025-02", "2025-03", "2025-04")]),
        ("part_credit", [("2025-03", "credit", None)]),
        ("wrong_price", [(m, "unexplained", "wrong_price") for m in FIRST_HALF]),
        ("billed_before", [("2024-12", "unexplained", "billed_before_start")]),
        ("no_contract", [("2025-05", "unexplained", "bill_without_contract")]),
        ("kept", [("2025-04", "kept_after_end", None)]),
        (
            "after_end",
            [
                ("2025-04", "kept_after_end", None),
                ("2025-05", "unexplained", "billed_after_end"),
            ],
        ),
        ("on_the_day", [("2025-05", "unexplained", "billed_after_end")]),
        ("gap", [("2025-03", "unexplained", "gap_in_contract")]),
        ("quantity", [(m, "unexplained", "wrong_quantity") for m in FIRST_HALF]),
        ("number", [(m, "fx", "wrong_currency") for m in FIRST_HALF]),
        ("day_rate", [(m, "fx", None) for m in FIRST_HALF[2:]]),
        ("foreign_price", [(m, "unexplained", "wrong_price") for m in FIRST_HALF]),
        ("sold_once", [(m, "one_time", None) for m in FIRST_HALF]),
        ("coupon", [(m, "discount_period", None) for m in FIRST_HALF[3:]]),
    ],
)
def test_the_error_of_an_account_is_named(files, account, expected):
    assert told(files, account) == expected


@pytest.mark.parametrize("account", ["ramp", "half_years", "even_years", "seats"])
def test_what_ties_over_the_term_is_timing(files, account):
    assert {reason for _, reason, _ in told(files, account)} == {"timing"}
    assert {finding for _, _, finding in told(files, account)} == {None}


def test_a_ramp_whose_bill_does_not_sum_up_is_an_exception(files):
    found = told(files, "short_ramp")
    assert len(found) == 24
    assert {row[1:] for row in found} == {("unexplained", "wrong_price")}


def test_a_rate_near_that_of_the_day_is_no_error(files):
    # 5 a month are 60 a year, by the days of the month; the rest of it is the calendar's.
    assert files.rows(
        "select cast(variance_fx as double), is_exception from marts.mart_arr_tie_out"
        " where account_id = 'near_rate' and month < '2025-03-01' order by month"
    ) == [(5.1, False), (4.6, False)]


def test_the_rest_of_a_paid_month_is_what_was_kept(files):
    # 16 of the 30 days of April.
    assert files.rows(
        "select cast(variance_kept_after_end as double), is_exception from marts.mart_arr_tie_out"
        " where account_id = 'kept' and month = '2025-04-01'"
    ) == [(pytest.approx(53.33, abs=0.01), False)]


def test_a_credit_lowers_the_revenue_of_the_months_it_is_for(files):
    rows = files.rows(
        "select cast(month as varchar), earned, unbilled_change from facts.fct_revenue_month"
        " where account_id = 'recurring_credit' and month in ('2025-03-01', '2025-04-01')"
        " order by month"
    )
    assert [(month, float(earned), float(unbilled)) for month, earned, unbilled in rows] == [
        ("2025-03-01", 60, -40),
        ("2025-04-01", 100, 40),
    ]


BASE, METERED = (
    price("base", 10000),
    price(
        "metered",
        10000,
        recurring={"interval": "month", "interval_count": 1, "usage_type": "metered"},
    ),
)
YEARLY = price(
    "yearly",
    120000,
    recurring={"interval": "year", "interval_count": 1, "usage_type": "licensed"},
)


def line(amount, first, last, of=BASE, **more):
    """A line of a Stripe invoice."""
    return {"amount": amount, "first": first, "last": last, "price": of, **more}


@pytest.fixture(scope="module")
def stripe(tmp_path_factory):
    """Customers that are named after what is wrong with them."""
    made = StripeCompany()
    for account in (
        "sound",
        "coupon_not_in_arr",
        "past_credit",
        "manual_credit",
        "setup_fee",
        "inclusive_tax",
        "exclusive_tax",
        "shipping",
    ):
        made.subscribe(account, [(BASE, 1)])
    made.subscribe("seats", [(BASE, 5)])
    made.subscribe("committed", [(METERED, 1)])
    made.subscribe("stranger", [(BASE, 1)], known=False)
    for first, last in months("2025-01-01", "2025-07-01"):
        whole = line(10000, first, last)
        made.invoice("sound", first, [whole])
        made.invoice("coupon_not_in_arr", first, [{**whole, "off": 2500}])
        extra = []
        if first == "2025-05-01":
            extra = [line(-4000, "2025-03-01", "2025-04-01", None, type="invoiceitem")]
        made.invoice("past_credit", first, [whole, *extra])
        # A negative item at the price of the subscription.
        if first == "2025-05-01":
            extra = [line(-4000, "2025-03-01", "2025-04-01")]
        made.invoice("manual_credit", first, [whole, *extra])
        fee = [line(50000, first, first, price("setup", 50000, recurring=None), type="invoiceitem")]
        made.invoice("setup_fee", first, [whole, *(fee if first == "2025-01-01" else [])])
        made.invoice("seats", first, [line(40000, first, last, quantity=4)])
        made.invoice("committed", first, [line(10000, first, last, METERED)])
        made.invoice("inclusive_tax", first, [whole], tax=1597)
        made.invoice("exclusive_tax", first, [whole], tax=1900, total=11900)
        made.invoice("shipping", first, [whole], tax=1900, total=12500)
    made.invoice("stranger", "2025-03-01", [line(10000, "2025-03-01", "2025-04-01")])
    folder = tmp_path_factory.mktemp("stripe")
    built = build_case(folder / "home", made.write(folder / "in"))
    assert [
        name
        for name in built.failing_tests()
        if "tie_out" in name or "invoice" in name or "billings" in name or "earnings" in name
    ] == []
    return built


@pytest.mark.parametrize(
    ("account", "expected"),
    [
        ("sound", []),
        ("coupon_not_in_arr", [(m, "unexplained", "discount_not_in_arr") for m in FIRST_HALF]),
        ("past_credit", []),
        ("manual_credit", [("2025-03", "credit", None)]),
        ("setup_fee", []),
        ("seats", [(m, "unexplained", "wrong_quantity") for m in FIRST_HALF]),
        ("inclusive_tax", []),
        ("exclusive_tax", []),
        ("shipping", []),
    ],
)
def test_the_error_of_a_stripe_customer_is_named(stripe, account, expected):
    assert told(stripe, account) == expected


@pytest.mark.parametrize(
    ("account", "arr"), [("sound", 1200), ("exclusive_tax", 1200), ("inclusive_tax", 1008.36)]
)
def test_tax_is_no_arr_and_no_revenue_wherever_it_is_written(stripe, account, arr):
    """15.97 of 100.00 are 19 % of what is left, 84.03."""
    assert stripe.arr(account) == arr
    billed = stripe.value(
        "select cast(sum(amount) as double) from intermediate.int_stripe_invoice_lines"
        " where invoice_id like ? and line_kind = 'recurring'",
        f"%{account}%",
    )
    assert billed == pytest.approx(arr / 2)


def test_a_customer_without_account_is_named(stripe):
    found = told(stripe, "unassigned")
    assert ("2025-02", "unmatched_customer", "customer_without_account") in found


def test_kinds_of_stripe_lines(stripe):
    kinds = {
        (invoice.split("_", 1)[1].rsplit("_", 1)[0], kind)
        for invoice, kind in stripe.rows(
            "select invoice_id, line_kind from intermediate.int_stripe_invoice_lines"
            " where line_kind <> 'recurring'"
        )
    }
    assert kinds == {
        ("past_credit", "credit"),
        ("setup_fee", "one_time"),
        ("committed", "usage"),
        ("inclusive_tax", "tax"),
        ("exclusive_tax", "tax"),
        ("shipping", "tax"),
        ("shipping", "not_itemised"),
    }


def test_what_no_line_says_is_named(stripe):
    rows = stripe.rows(
        "select object_id, what_is_missing from intermediate.int_finance_gaps"
        " where gap = 'invoice_not_itemised'"
    )
    assert len(rows) == 6
    assert all("shipping" in invoice and "6.00 USD" in text for invoice, text in rows)


@pytest.mark.parametrize("first_bill", [None, "2025-04-01"])
def test_a_billing_system_is_compared_from_its_first_bill_on(tmp_path, first_bill):
    made = StripeCompany()
    made.subscribe("by_stripe", [(BASE, 1)])
    for first, last in months("2025-01-01", "2025-07-01"):
        made.invoice("by_stripe", first, [line(10000, first, last)])
    made.crm.contract("by_files")
    if first_bill:
        made.crm.bill_monthly("by_files", first=first_bill)
    built = build_case(
        tmp_path / "home", made.write(tmp_path / "in"), targets=("mart_arr_tie_out",)
    )
    assert [name for name in built.failing_tests() if "tie_out" in name] == []
    assert built.rows("from marts.mart_arr_tie_out where is_exception") == []
    assert built.rows(
        "select account_id, cast(min(month) as varchar) from marts.mart_arr_tie_out"
        " group by 1 order by 1"
    ) == [*([("by_files", first_bill)] if first_bill else []), ("by_stripe", "2025-01-01")]
