"""What was billed and is no more: given back, made void, or for days that do not count.

Each account is named after what happened to it. The rules are those of
docs/reference/tie-out.md; how Stripe bills, pauses and discounts is Stripe's.
"""

import pytest

from tests.python.cases.companies import FilesCompany, StripeCompany, months, price
from tests.python.cases.company import build, build_case
from tests.python.cases.stripe_discounts import at, coupon, discount
from tests.python.cases.test_tie_out import FIRST_HALF, told

pytestmark = pytest.mark.long

MAY = ("2025-05-01", "2025-06-01")
NAMED = {
    # A bill that was made twice, and what was given back of it.
    "refunded": [("2025-05", "credit", None)],
    "first_refunded": [("2025-05", "credit", None)],
    "overlapping_refunded": [("2025-05", "credit", None), ("2025-06", "credit", None)],
    "year_refunded": [(m, "credit", None) for m in FIRST_HALF],
    "part_refunded": [("2025-05", "unexplained", "double_bill")],
    "refunded_at_a_wrong_price": [(m, "unexplained", "wrong_price") for m in FIRST_HALF],
    "credited": [("2025-05", "credit", None)],
    "credited_without_days": [("2025-05", "credit", None)],
    "credited_on_its_days": [],
    "credited_in_another_month": [("2025-05", "credit", None), ("2025-06", "credit", None)],
    "of_an_account": [("2025-05", "credit", None)],
    "never_refunded": [("2025-05", "unexplained", "double_bill")],
    # Of what was billed as agreed a refund changes nothing: bill and ARR agree.
    "goodwill": [],
    "too_dear_refunded": [
        *[(m, "unexplained", "wrong_price") for m in FIRST_HALF[:4]],
        ("2025-05", "credit", None),
        ("2025-06", "unexplained", "wrong_price"),
    ],
    # A credit for days after the end gives them back.
    "rest_credited": [("2025-04", "credit", None)],
    # A credit that was given twice is one too many.
    "credit_twice": [("2025-03", "unexplained", "double_credit")],
    "two_credits": [("2025-03", "credit", None)],
    "refunded_twice": [("2025-05", "unexplained", "double_credit")],
    "noted_twice": [("2025-05", "unexplained", "double_credit")],
    "double_credited_twice": [
        ("2025-05", "credit", None),
        ("2025-06", "unexplained", "double_credit"),
    ],
    "refunded_and_credited": [("2025-05", "credit", None), ("2025-06", "credit", None)],
    # Pauses.
    "paid_pause": [("2025-03", "free_period", None), ("2025-04", "unexplained", "billed_in_pause")],
}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Accounts of files."""
    made = FilesCompany()

    def refund(invoice: str, amount: object) -> None:
        made.payments.append(
            {
                "payment_id": f"p_{invoice}",
                "invoice_id": invoice,
                "status": "refunded",
                "amount": amount,
                "attempted_at": "2025-06-20",
            }
        )

    dear = {"refunded_at_a_wrong_price": 90, "too_dear_refunded": 120}
    bills = {}
    for account in NAMED:
        if account == "year_refunded":
            made.contract(account, 1200, billing_interval="year")
            made.bill(account, 1200, "2025-01-01", "2026-01-01")
            refund(made.bill(account, 1200, "2025-01-01", "2026-01-01"), 1200)
            continue
        made.contract(
            account,
            **(
                {"ended_at": "2025-04-15", "status": "canceled"}
                if account == "rest_credited"
                else {}
            ),
        )
        last = "2025-05-01" if account == "rest_credited" else "2025-07-01"
        for first, end in months("2025-01-01", last):
            bills[account, first] = made.bill(account, dear.get(account, 100), first, end)
    refund(made.bill("refunded", 100, *MAY), 100)
    made.bill("first_refunded", 100, *MAY)
    refund(bills["first_refunded", "2025-05-01"], 100)
    refund(made.bill("overlapping_refunded", 100, "2025-05-15", "2025-06-15"), 100)
    refund(made.bill("part_refunded", 100, *MAY), 60)
    refund(made.bill("refunded_at_a_wrong_price", 90, *MAY), 90)
    refund(bills["goodwill", "2025-05-01"], 40)
    refund(bills["too_dear_refunded", "2025-05-01"], 20)
    note = {"issued": "2025-06-20", "line_kind": "credit note", "is_recurring": "false"}
    made.bill("credited", 100, *MAY)
    made.bill("credited", -100, *MAY, **note)
    refund(bills["refunded_twice", "2025-05-01"], 100)
    refund(made.bill("refunded_twice", 100, *MAY), 100)
    made.bill("noted_twice", 100, *MAY)
    made.bill("noted_twice", -100, *MAY, **note)
    made.bill("noted_twice", -100, *MAY, **note)
    made.bill("credited_without_days", 100, *MAY)
    made.bill("credited_without_days", -100, "", "", **note)
    for account in ("credited_on_its_days", "refunded_and_credited", "never_refunded"):
        twice = made.bill(account, 100, *MAY)
        if account == "refunded_and_credited":
            refund(twice, 100)
    made.bill("credited_on_its_days", -100, *MAY, issued="2025-06-20")
    made.bill("credited_in_another_month", 100, *MAY)
    made.bill("credited_in_another_month", -100, "2025-06-01", "2025-07-01")
    made.bill("refunded_and_credited", -100, "2025-06-01", "2025-07-01")
    made.bill("rest_credited", -53.33, "2025-04-15", "2025-05-01", **note)
    for account in ("credit_twice", "two_credits"):
        made.bill(account, -40, "2025-03-01", "2025-04-01", issued="2025-04-10")
    made.bill("two_credits", -25, "2025-03-01", "2025-04-01", issued="2025-04-12")
    made.bill("credit_twice", -40, "2025-03-01", "2025-04-01", issued="2025-04-12")
    made.invoice_lines[-3]["amount"] = made.invoices[-3]["total"] = -40
    made.bill("double_credited_twice", 100, *MAY)
    for day in ("2025-06-02", "2025-06-03"):
        made.bill("double_credited_twice", -100, "2025-06-01", "2025-07-01", issued=day)
    for row in made.invoice_lines:
        if row["subscription_id"] == "s_of_an_account":
            row["subscription_id"] = None
    refund(made.bill("of_an_account", 100, *MAY, subscription_id=None), 100)
    for row in made.subscriptions:
        if row["subscription_id"] == "s_paid_pause":
            row |= {"paused_from": "2025-03-10", "paused_until": "2025-05-01"}
    folder = tmp_path_factory.mktemp("files")
    return build(folder / "home", {"files": made.write(folder / "in")})


def test_the_models_agree_about_files(files):
    assert [name for name in files.failing_tests() if "tie_out" in name] == []


@pytest.mark.parametrize("account", NAMED)
def test_what_became_of_a_bill_of_files_is_named(files, account):
    assert told(files, account) == NAMED[account]


BASE = price("base", 10000)


def line(account, amount, first, last, **more):
    """A line of a Stripe invoice."""
    return {
        "amount": amount,
        "first": first,
        "last": last,
        "price": BASE,
        "subscription_item": f"si_{account}_0",
        **more,
    }


STRIPE = {
    "refunded": [("2025-05", "credit", None)],
    "refunded_in_part": [("2025-05", "unexplained", "double_bill")],
    # Marked unpaid on 10 April, and paid on 20 May with the bill of May.
    "unpaid": [("2025-04", "kept_after_end", None), ("2025-05", "kept_after_end", None)],
    # Never came back: its bill of May is for a contract that is over.
    "unpaid_for_good": [
        ("2025-04", "kept_after_end", None),
        ("2025-05", "unexplained", "billed_after_end"),
    ],
    # Its retries ended an hour after its bill of April was made.
    "unpaid_on_the_day": [
        ("2025-04", "kept_after_end", None),
        ("2025-05", "unexplained", "billed_after_end"),
    ],
    # Begun in the last minutes of a day, paid in the first of the next.
    "paid_after_midnight": [("2025-01", "kept_after_end", None)],
    # Paused from 10 to 20 March; the bill of April was made void by somebody.
    "void_after_a_pause": [
        ("2025-03", "free_period", None),
        ("2025-04", "unexplained", "bill_made_void"),
    ],
    "void_before_a_pause": [("2025-03", "unexplained", "bill_made_void")],
    # Paused from 10 March to 10 April: Stripe made the bill of April, and made it void.
    "void_in_a_pause": [("2025-03", "free_period", None), ("2025-04", "free_period", None)],
    "paid_in_a_pause": [
        ("2025-03", "free_period", None),
        ("2025-04", "unexplained", "billed_in_pause"),
    ],
    "written_off_in_a_pause": [
        ("2025-03", "free_period", None),
        ("2025-04", "credit", "bill_written_off"),
    ],
}


# What a bill became, by account and the first day of its period; else it was paid.
STATUS = {
    ("void_after_a_pause", "2025-04-01"): "void",
    ("void_before_a_pause", "2025-03-01"): "void",
    ("void_in_a_pause", "2025-04-01"): "void",
    ("written_off_in_a_pause", "2025-04-01"): "uncollectible",
    ("unpaid_for_good", "2025-04-01"): "open",
    ("unpaid_for_good", "2025-05-01"): "open",
    ("unpaid_for_good", "2025-06-01"): "draft",
    ("unpaid_on_the_day", "2025-04-01"): "open",
    ("unpaid_on_the_day", "2025-05-01"): "open",
    ("unpaid_on_the_day", "2025-06-01"): "draft",
}
STAMPS = {"paid": "paid_at", "void": "voided_at", "uncollectible": "marked_uncollectible_at"}
PAUSES = {
    "void_after_a_pause": "2025-03-20",
    "void_before_a_pause": "2025-03-20",
    "void_in_a_pause": "2025-04-10",
    "paid_in_a_pause": "2025-04-10",
    "written_off_in_a_pause": "2025-04-10",
}


@pytest.fixture(scope="module")
def stripe(tmp_path_factory):
    """Customers of Stripe."""
    made = StripeCompany()
    for account in STRIPE:
        if account == "paid_after_midnight":
            made.subscribe(account, [(BASE, 1)], start="2025-01-01T23:59:30", status="incomplete")
            made.change(account, "2025-01-02T00:00:20", status="active")
        else:
            made.subscribe(account, [(BASE, 1)])
        for first, last in months("2025-01-01", "2025-07-01"):
            status = STATUS.get((account, first), "paid")
            made.invoice(
                account,
                first,
                [line(account, 10000, first, last)],
                status=status,
                status_transitions={
                    "finalized_at": at(first),
                    **({STAMPS[status]: at(first)} if status in STAMPS else {}),
                },
            )
    for account, given in (("refunded", 10000), ("refunded_in_part", 5000)):
        twice = made.invoice(account, MAY[0], [line(account, 10000, *MAY)])
        made.charge(account, twice, 10000, given)
    for account, end in PAUSES.items():
        pause = {"behavior": "void", "resumes_at": None}
        made.change(account, "2025-03-10", pause_collection=pause)
        made.change(account, end, pause_collection=None)
    for account in ("unpaid", "unpaid_for_good"):
        made.change(account, "2025-04-01T01:00:00", status="past_due")
        made.change(account, "2025-04-10", status="unpaid")
    made.change("unpaid", "2025-05-20", status="active")
    made.change("unpaid_on_the_day", "2025-03-01T01:00:00", status="past_due")
    made.change("unpaid_on_the_day", "2025-04-01T01:00:00", status="unpaid")
    folder = tmp_path_factory.mktemp("stripe")
    return build_case(folder / "home", made.write(folder / "in"))


@pytest.mark.parametrize("account", STRIPE)
def test_what_became_of_a_bill_of_stripe_is_named(stripe, account):
    assert told(stripe, account) == STRIPE[account]


def test_the_models_agree_about_stripe(stripe):
    assert [name for name in stripe.failing_tests() if "tie_out" in name] == []


# -- coupons ---------------------------------------------------------------------------------------

PERCENT = {"percent_off": 20}
AMOUNT = {"amount_off": 1500, "currency": "usd"}
DURATIONS = {
    "once": {"duration": "once"},
    "repeating": {"duration": "repeating", "duration_in_months": 24},
    "forever": {"duration": "forever"},
}
HOLDERS = ("customer", "subscription", "item", "invoice")
# A second discount beside each, per cents or an amount.
BESIDE = {
    "alone": None,
    "beside_customer": ("customer", {"percent_off": 50}),
    "beside_customer_amount": ("customer", {"amount_off": 2500, "currency": "usd"}),
    "beside_subscription": ("subscription", {"percent_off": 50}),
    "beside_subscription_amount": ("subscription", {"amount_off": 2500, "currency": "usd"}),
    "beside_item": ("item", {"percent_off": 50}),
}
COMBINATIONS = {
    f"{of}_{lasts}_{what}_{beside}": (of, lasts, PERCENT if what == "percent" else AMOUNT, other)
    for of in HOLDERS
    for lasts in DURATIONS
    for what in ("percent", "amount")
    for beside, other in BESIDE.items()
    # A customer has one discount at a time.
    if not (of == "customer" and other and other[0] == "customer")
}


def taken(amount, terms):
    """What a coupon takes off of an amount in minor units."""
    if "percent_off" in terms:
        return round(amount * terms["percent_off"] / 100)
    return min(amount, terms["amount_off"])


def state(made, held):
    """The discounts of the last subscription and its item."""
    items = made.subscriptions[-1]["items"]
    item = items["data"][0] | {"discounts": [each for each, _ in held["item"]]}
    return {
        "discounts": [each for each, _ in held["subscription"]],
        "items": items | {"data": [item]},
    }


@pytest.fixture(scope="module")
def coupons(tmp_path_factory):
    """Customers whose bill of March has the discounts of their name; the other bills what lasts.

    Stripe takes off what items have first, then what the invoice has: its own list, without one
    that of the subscription, without one the customer's.
    """
    made = StripeCompany()
    for account, (of, lasts, terms, other) in COMBINATIONS.items():
        held = {holder: [] for holder in HOLDERS}
        own = discount(
            f"{account}_own",
            coupon(f"C_{account}", **terms, **DURATIONS[lasts]),
            **({"subscription": f"sub_{account}"} if of in ("subscription", "item") else {}),
            **({"subscription_item": f"si_{account}_0"} if of == "item" else {}),
            **({"invoice": f"in_{account}_march"} if of == "invoice" else {}),
            customer=f"cus_{account}",
        )
        held[of].append((own, terms))
        if other:
            beside = discount(
                f"{account}_other",
                coupon(f"B_{account}", **other[1]),
                **({"subscription": f"sub_{account}"} if other[0] != "customer" else {}),
                **({"subscription_item": f"si_{account}_0"} if other[0] == "item" else {}),
                customer=f"cus_{account}",
            )
            held[other[0]].append((beside, other[1]))
        for_one = of == "invoice" or lasts == "once"

        lasting = {
            key: [pair for pair in pairs if not (for_one and pair[0] is own)]
            for key, pairs in held.items()
        }
        made.subscribe(account, [(BASE, 1)])
        made.customers[-1]["discount"] = next((d for d, _ in lasting["customer"]), None)
        # Something for one bill is there from the middle of February until that bill.
        made.subscriptions[-1] |= state(made, lasting)
        if lasts == "once" and of in ("subscription", "item"):
            made.change(account, "2025-02-15", **state(made, held))
            made.change(account, "2025-03-01T00:01:00", **state(made, lasting))
        for start, last in months("2025-01-01", "2025-07-01"):
            on = held if for_one and start == "2025-03-01" else lasting
            listed = on["invoice"] or on["subscription"] or on["customer"]
            left, off = 10000, []
            for each, its_terms in (*on["item"], *listed):
                part = taken(left, its_terms)
                left -= part
                off.append({"amount": part, "discount": each["id"]})
            made.invoice(
                account,
                start,
                [line(account, 10000, start, last, discount_amounts=off)],
                discounts=[each for each, _ in listed],
                subtotal=10000,
                total=left,
                amount_paid=left,
            )
            made.invoice_line_items[-1]["discounts"] = [each for each, _ in on["item"]]
    folder = tmp_path_factory.mktemp("coupons")
    return build_case(folder / "home", made.write(folder / "in"))


@pytest.mark.parametrize("account", COMBINATIONS)
def test_a_discount_for_one_bill_is_a_credit_and_one_that_lasts_no_difference(coupons, account):
    of, lasts, _, other = COMBINATIONS[account]
    expected = []
    if of == "invoice" or lasts == "once":
        expected = [("2025-03", "credit", None)]
        # A customer's coupon for one bill that the subscription's own hides was on no bill.
        if of == "customer" and other and other[0] == "subscription":
            expected = []
    assert told(coupons, account) == expected
