"""Discounts of Stripe on every level, each as a company of its own account.

What each of them stands for, and whose rule it is, is in docs/reference/stripe-discounts.md.
"""

from itertools import pairwise

import pytest

from tests.python.cases.company import Built, build
from tests.python.cases.stripe_discounts import Exports, coupon, discount

HALF = coupon("HALF", percent_off=50)
FIFTH = coupon("FIFTH", percent_off=20)
TEN = coupon("TEN", amount_off=1000, currency="usd")
FIVE = coupon("FIVE", amount_off=500, currency="usd")
MONTHS = [f"2025-{month:02}-01" for month in range(1, 8)]

# ARR by account and month; months are firsts of months, the closing ARR is meant.
EXPECTED: dict[str, dict[str, float | None]] = {}
GAPS: dict[str, str] = {}


def levels(company: Exports) -> None:
    """The customer, the subscription, the item, the invoice."""
    month = company.price("month", 10000)
    small = company.price("small", 5000, product="prod_addon")
    company.subscription("of_customer", month, customer_discount=discount("c1", HALF))
    for start, end in pairwise(MONTHS):
        company.bill("of_customer", start, end, (0, month, [("di_c1", 5000)]))
    EXPECTED["of_customer"] = {"2025-01-01": 600, "2025-06-01": 600}

    company.subscription(
        "own_first",
        month,
        discount=discount("s2", FIFTH),
        customer_discount=discount("c2", HALF),
    )
    EXPECTED["own_first"] = {"2025-06-01": 960}

    repeating = coupon("THREE", duration="repeating", duration_in_months=3, percent_off=50)
    company.subscription(
        "own_over",
        month,
        discount=discount("s3", repeating, end="2025-04-01"),
        customer_discount=discount("c3", FIFTH),
    )
    EXPECTED["own_over"] = {"2025-03-01": 600, "2025-04-01": 960, "2025-06-01": 960}

    company.subscription(
        "own_taken_away",
        month,
        discounts=[discount("s4", HALF)],
        changes={"2025-03-10": {"discounts": []}},
        customer_discount=discount("c4", FIFTH),
    )
    EXPECTED["own_taken_away"] = {"2025-02-01": 600, "2025-03-01": 960}

    company.subscription("of_item", month, small, item_discounts={0: [discount("i5", HALF)]})
    EXPECTED["of_item"] = {"2025-06-01": 1200}

    company.subscription(
        "item_and_customer",
        month,
        item_discounts={0: [discount("i6", HALF)]},
        customer_discount=discount("c6", FIFTH),
    )
    EXPECTED["item_and_customer"] = {"2025-06-01": 480}

    company.subscription(
        "item_then_subscription",
        month,
        small,
        discounts=[discount("s7", TEN)],
        item_discounts={0: [discount("i7", HALF)]},
    )
    EXPECTED["item_then_subscription"] = {"2025-06-01": (50 + 50 - 10) * 12}

    on_invoice = discount("v8", HALF, invoice="in_of_invoice_2025-01-01")
    company.subscription("of_invoice", month)
    for start, end in pairwise(MONTHS):
        taken = [("di_v8", 5000)] if start == "2025-01-01" else []
        company.bill(
            "of_invoice", start, end, (0, month, taken), discounts=[on_invoice] if taken else []
        )
    EXPECTED["of_invoice"] = {"2025-01-01": 1200, "2025-06-01": 1200}

    company.subscription(
        "once_beside_customer",
        month,
        discounts=[discount("s9", coupon("ONCE", duration="once", percent_off=20))],
        customer_discount=discount("c9", HALF),
    )
    EXPECTED["once_beside_customer"] = {"2025-06-01": 600}

    both = discount("c10", HALF)
    company.subscription("named_twice", month, discounts=["di_c10"], customer_discount=both)
    EXPECTED["named_twice"] = {"2025-06-01": 600}


def history_of_customers(company: Exports) -> None:
    """Discounts of a customer that came, went and were replaced."""
    month = company.price("month", 10000)
    company.subscription("given_and_taken", month)
    given = discount("h1", HALF, "2025-02-01", customer="cus_given_and_taken")
    company.event("customer.discount.created", "2025-02-01", given)
    company.event("customer.discount.deleted", "2025-05-01", given)
    EXPECTED["given_and_taken"] = {"2025-01-01": 1200, "2025-03-01": 600, "2025-05-01": 1200}

    company.subscription("updated", month)
    gone = discount("h2", HALF)
    customer = {"id": "cus_updated", "object": "customer"}
    company.event("customer.created", "2025-01-01", customer | {"discount": gone})
    company.event(
        "customer.updated", "2025-04-10", customer | {"discount": None}, {"discount": gone}
    )
    EXPECTED["updated"] = {"2025-03-01": 600, "2025-04-01": 1200}

    newer = discount("h3b", FIFTH, "2025-04-10", customer="cus_replaced")
    company.subscription("replaced", month, customer_discount=newer)
    older = discount("h3a", HALF, customer="cus_replaced")
    company.event("customer.discount.created", "2025-01-01", older)
    company.event("customer.discount.updated", "2025-04-10", newer, {"coupon": HALF})
    EXPECTED["replaced"] = {"2025-03-01": 600, "2025-04-01": 960}

    company.subscription("later", month, customer_discount=discount("h4", HALF, "2025-03-15"))
    EXPECTED["later"] = {"2025-02-01": 1200, "2025-03-01": 600}

    of_subscription = discount(
        "h5", HALF, customer="cus_event_of_subscription", subscription="sub_event_of_subscription"
    )
    company.subscription("event_of_subscription", month, discounts=["di_h5"])
    company.event("customer.discount.created", "2025-01-01", of_subscription)
    EXPECTED["event_of_subscription"] = {"2025-06-01": 600}

    company.subscription("taken_from_subscription", month, discounts=["di_h7"])
    taken_away = of_subscription | {"id": "di_h7", "subscription": "sub_taken_from_subscription"}
    company.event("customer.discount.deleted", "2025-04-10", taken_away)
    EXPECTED["taken_from_subscription"] = {"2025-03-01": 600, "2025-04-01": 1200}

    # It ended and is gone from the customer; only its three bills are left.
    company.subscription("only_bills", month)
    for start, end in pairwise(MONTHS):
        taken = [("di_h6", 5000)] if start < "2025-04-01" else []
        company.bill("only_bills", start, end, (0, month, taken))
    EXPECTED["only_bills"] = {"2025-03-01": 600, "2025-04-01": 1200}
    GAPS["only_bills"] = "discount_days_unknown"


def stacks(company: Exports) -> None:
    """Several discounts in the order of their list, and amounts over several lines."""
    thirty = company.price("thirty", 3000)
    month = company.price("month", 10000)
    small = company.price("small", 5000, product="prod_addon")
    year = company.price("year", 60000, interval="year", product="prod_addon")
    calls = company.price("calls", 1, product="prod_calls", usage_type="metered")
    percent, amount = discount("k1", FIFTH), discount("k2", FIVE)
    company.subscription("percent_first", thirty, discounts=[percent, amount])
    EXPECTED["percent_first"] = {"2025-06-01": 19 * 12}
    amount_first = [discount("k3", FIVE), discount("k4", FIFTH)]
    company.subscription("amount_first", thirty, discounts=amount_first)
    EXPECTED["amount_first"] = {"2025-06-01": 20 * 12}

    # The percentage ends before the amount does.
    ends = discount("k5", coupon("TWO", duration="repeating", percent_off=20), end="2025-03-01")
    company.subscription("one_of_two_ends", thirty, discounts=[discount("k6", FIVE), ends])
    EXPECTED["one_of_two_ends"] = {"2025-02-01": 240, "2025-03-01": 300}

    company.subscription("spread", month, small, discount=discount("k7", TEN))
    EXPECTED["spread"] = {"2025-06-01": (150 - 10) * 12}
    company.subscription("spread_metered", month, calls, discount=discount("k8", TEN))
    EXPECTED["spread_metered"] = {"2025-06-01": 90 * 12}
    company.subscription("two_intervals", month, year, discount=discount("k9", TEN))
    EXPECTED["two_intervals"] = {"2025-06-01": 90 * 12 + 600}

    yearly = company.price("yearly", 120000, interval="year")
    hundred = coupon("HUNDRED", amount_off=10000, currency="usd")
    company.subscription("amount_of_a_year", yearly, discount=discount("k10", hundred))
    EXPECTED["amount_of_a_year"] = {"2025-06-01": 1100}

    more = coupon("MORE", amount_off=15000, currency="usd")
    company.subscription("more_than_the_price", month, discount=discount("k11", more))
    # What never bore ARR has no month yet.
    EXPECTED["more_than_the_price"] = {"2025-06-01": None}
    all_off = coupon("ALL", percent_off=100)
    company.subscription("all_off", month, discount=discount("k12", all_off))
    EXPECTED["all_off"] = {"2025-06-01": None}
    company.subscription("all_off_later", month, discount=discount("k13", all_off, "2025-04-01"))
    EXPECTED["all_off_later"] = {"2025-03-01": 1200, "2025-04-01": 0, "2025-06-01": 0}


def limits(company: Exports) -> None:
    """Products, time and currency."""
    month = company.price("month", 10000)
    small = company.price("small", 5000, product="prod_addon")
    addon = coupon("ADDON", percent_off=50, applies_to={"products": ["prod_addon"]})
    company.subscription("of_product", month, small, discounts=[discount("l1", addon)])
    EXPECTED["of_product"] = {"2025-06-01": 1200 + 300}
    addon_amount = coupon(
        "ADDON5", amount_off=500, currency="usd", applies_to={"products": ["prod_addon"]}
    )
    company.subscription(
        "amount_of_product", month, small, discounts=[discount("l2", addon_amount)]
    )
    EXPECTED["amount_of_product"] = {"2025-06-01": 1200 + 540}
    company.subscription(
        "of_no_product",
        month,
        discounts=[discount("l3", addon)],
        customer_discount=discount("l4", HALF),
    )
    EXPECTED["of_no_product"] = {"2025-06-01": 1200}

    # Nobody expanded applies_to, and the bills show whose discount it is.
    company.subscription("product_by_bills", month, small, discounts=[discount("l10", HALF)])
    for start, end in pairwise(MONTHS):
        lines = ((0, month, []), (1, small, [("di_l10", 2500)]))
        company.bill("product_by_bills", start, end, *lines)
    EXPECTED["product_by_bills"] = {"2025-06-01": 1200 + 300}
    # A product that came later is not on the bills yet, an older one was: it is of all.
    company.subscription("product_of_all", month, small, discounts=[discount("l11", HALF)])
    lines = ((0, month, [("di_l11", 5000)]), (1, small, [("di_l11", 2500)]))
    company.bill("product_of_all", "2025-01-01", "2025-02-01", *lines)
    company.bill("product_of_all", "2025-02-01", "2025-03-01", lines[1])
    EXPECTED["product_of_all"] = {"2025-06-01": 900}

    months = coupon("MONTHS", duration="repeating", duration_in_months=3, percent_off=50)
    company.subscription("months_without_end", month, discount=discount("l5", months))
    EXPECTED["months_without_end"] = {"2025-03-01": 600, "2025-04-01": 1200}
    yearly = company.price("yearly", 120000, interval="year")
    company.subscription("shorter_than_a_year", yearly, discount=discount("l6", months))
    EXPECTED["shorter_than_a_year"] = {"2025-03-01": 600, "2025-04-01": 1200}

    euro = company.price("euro", 10000, currency="eur")
    options = coupon(
        "OPTIONS",
        amount_off=1000,
        currency="usd",
        currency_options={"eur": {"amount_off": 900}, "usd": {"amount_off": 1000}},
    )
    company.subscription("currency_option", euro, discount=discount("l7", options))
    EXPECTED["currency_option"] = {"2025-06-01": 1201.2}
    company.subscription("other_currency", euro, discount=discount("l8", TEN))
    EXPECTED["other_currency"] = {"2025-06-01": 1320}
    GAPS["other_currency"] = "discount_currency_unknown"
    yen = company.price("yen", 5000, currency="jpy")
    thousand = coupon("YEN", amount_off=1000, currency="jpy")
    company.subscription("yen", yen, discount=discount("l9", thousand))
    EXPECTED["yen"] = {"2025-06-01": 321.6}


def shapes(company: Exports) -> None:
    """The same discount as other API versions and unexpanded lists write it."""
    month = company.price("month", 10000)
    small = company.price("small", 5000, product="prod_addon")
    bare = discount("p1", HALF)
    del bare["id"]
    company.subscription("without_an_id", month, discount=bare)
    EXPECTED["without_an_id"] = {"2025-06-01": 600}

    newest = discount("p2", "HALF")
    newest["source"] = {"type": "coupon", "coupon": newest.pop("coupon")}
    company.subscription("coupon_by_id", month, discounts=[newest])
    EXPECTED["coupon_by_id"] = {"2025-06-01": 600}

    listed = discount("p5", "LISTED")
    listed["source"] = {"type": "coupon", "coupon": listed.pop("coupon")}
    company.subscription("coupon_of_the_list", month, small, discounts=[listed])
    only = {"applies_to": {"products": ["prod_addon"]}}
    company.rows["coupons"].append(coupon("LISTED", percent_off=50, **only))
    EXPECTED["coupon_of_the_list"] = {"2025-06-01": 1200 + 300}

    expanded = discount("p3", FIFTH)
    expanded["source"] = {"type": "coupon", "coupon": expanded.pop("coupon")}
    company.subscription("coupon_in_source", month, discounts=[expanded])
    EXPECTED["coupon_in_source"] = {"2025-06-01": 960}

    precise = coupon("PRECISE", percent_off=12, percent_off_precise=12.5)
    promoted = discount("p4", precise, promotion_code="promo_1")
    company.subscription("precise", month, discounts=[promoted])
    EXPECTED["precise"] = {"2025-06-01": 1050}

    company.subscription("single_and_list", month, discounts=["di_p6"], single=discount("p6", HALF))
    EXPECTED["single_and_list"] = {"2025-06-01": 600}

    company.subscription("nothing_tells", month, discounts=["di_nothing"])
    EXPECTED["nothing_tells"] = {"2025-06-01": 1200}
    GAPS["nothing_tells"] = "discount_unknown"

    company.subscription("bills_tell", month, discounts=["di_bills"])
    for start, end in pairwise(MONTHS):
        company.bill("bills_tell", start, end, (0, month, [("di_bills", 2000)]))
    EXPECTED["bills_tell"] = {"2025-06-01": 960}
    GAPS["bills_tell"] = "discount_days_unknown"

    odd = coupon("ODD", duration="quarterly", percent_off=50)
    company.subscription("odd_duration", month, discounts=[discount("p7", odd)])
    EXPECTED["odd_duration"] = {"2025-06-01": 600}
    GAPS["odd_duration"] = "discount_duration_unknown"

    script = coupon("SCRIPT", type="script", script={"id": "percent_off_up_to"})
    company.subscription("script", month, discounts=[discount("p8", script)])
    EXPECTED["script"] = {"2025-06-01": 1200}
    GAPS["script"] = "discount_unknown"

    company.subscription("without_events", month, discounts=[discount("p9", HALF)], event=False)
    EXPECTED["without_events"] = {"2025-06-01": 600}

    company.subscription("without_discount", month)
    EXPECTED["without_discount"] = {"2025-06-01": 1200}


def untold_changes(company: Exports) -> None:
    """Discounts that came or went and no event tells of it; what runs out by itself is no news."""
    month = company.price("month", 10000)
    three = coupon("THREE", duration="repeating", duration_in_months=3, percent_off=50)
    once = coupon("ONCE", duration="once", percent_off=20)
    told = {"2025-05-01": {"cancel_at_period_end": False}}
    seen = {"2025-06-01": {"description": "seen"}}

    came = [discount("u1", HALF, "2025-04-01")]
    company.subscription("came", month, discounts=[], untold={"2025-04-01": {"discounts": came}})
    EXPECTED["came"] = {"2025-05-01": 1200, "2025-06-01": 600}
    GAPS["came"] = "event_missing"

    gone = {"2025-04-01": {"discounts": []}}
    company.subscription("went", month, discounts=[discount("u2", HALF)], untold=gone)
    EXPECTED["went"] = {"2025-05-01": 600, "2025-06-01": 1200}
    GAPS["went"] = "event_missing"

    single = {"2025-04-01": {"discount": None}}
    company.subscription("went_single", month, discount=discount("u3", HALF), untold=single)
    EXPECTED["went_single"] = {"2025-05-01": 600, "2025-06-01": 1200}
    GAPS["went_single"] = "event_missing"

    company.subscription(
        "came_before_an_event",
        month,
        discounts=[],
        changes=seen,
        untold={"2025-04-01": {"discounts": [discount("u4", HALF, "2025-04-01")]}},
    )
    EXPECTED["came_before_an_event"] = {"2025-05-01": 1200, "2025-06-01": 600}
    GAPS["came_before_an_event"] = "event_missing"

    item = {"id": "si_of_item_came_0", "price": month, "quantity": 1}
    item["discounts"] = [discount("u5", FIFTH)]
    items = {"items": {"object": "list", "data": [item], "has_more": False}}
    company.subscription("of_item_came", month, discounts=[], untold={"2025-04-01": items})
    EXPECTED["of_item_came"] = {"2025-05-01": 1200, "2025-06-01": 960}
    GAPS["of_item_came"] = "event_missing"

    ran_out = {"2025-04-01": {"discounts": []}}
    for name, off, changes in (
        ("ran_out", three, {}), ("ran_out_before_an_event", three, told), ("used_up", once, {}),
    ):  # fmt: skip
        company.subscription(
            name, month, discounts=[discount(name, off)], changes=changes, untold=ran_out
        )
    EXPECTED["ran_out"] = {"2025-03-01": 600, "2025-04-01": 1200}
    EXPECTED["ran_out_before_an_event"] = {"2025-03-01": 600, "2025-04-01": 1200}
    EXPECTED["used_up"] = {"2025-01-01": 1200, "2025-06-01": 1200}

    taken = discount("u6", HALF, customer="cus_taken_by_event", subscription="sub_taken_by_event")
    company.subscription("taken_by_event", month, discounts=["di_u6"], untold=ran_out)
    company.event("customer.discount.deleted", "2025-04-01", taken)
    EXPECTED["taken_by_event"] = {"2025-03-01": 600, "2025-04-01": 1200}

    # Events of an old API version have `discount`, the export of a new one has ids.
    rewritten = {"2025-02-01": {"discount": None, "discounts": ["di_u7"]}}
    company.subscription("rewritten", month, discount=discount("u7", HALF), untold=rewritten)
    EXPECTED["rewritten"] = {"2025-06-01": 600}


@pytest.fixture(scope="module")
def company(tmp_path_factory) -> Built:
    """One company with all of them."""
    exports = Exports()
    for part in (levels, history_of_customers, stacks, limits, shapes, untold_changes):
        part(exports)
    folder = tmp_path_factory.mktemp("discounts")
    sources = {
        **{domain: ["files"] for domain in ("crm", "product", "support", "feedback")},
        "billing": ["stripe", "files"],
    }
    return build(
        folder / "home",
        exports.write(folder / "exports"),
        sources=sources,
        targets=("fct_account_month", "fct_arr_line", "fct_data_gap", "mart_arr_tie_out"),
    )


def test_every_discount_lowers_arr_by_what_stripe_takes_off(company):
    found = {
        account: {month: company.arr(account, month) for month in months}
        for account, months in EXPECTED.items()
    }
    assert found == EXPECTED


def test_only_what_no_object_tells_is_a_gap_and_names_subscription_and_discount(company):
    found = company.rows(
        "select account_id, gap, what_is_missing, severity from facts.fct_data_gap"
        " where gap <> 'history_untold'"
    )
    assert {account: gap for account, gap, _, _ in found} == GAPS
    for account, gap, sentence, severity in found:
        assert f"sub_{account}" in sentence
        assert "di_" in sentence
        is_approximated = gap in (
            "discount_duration_unknown", "discount_days_unknown", "event_missing",
        )  # fmt: skip
        assert severity == ("warning" if is_approximated else "error")
    assert company.rows(
        "select account_id from facts.fct_data_gap where gap = 'history_untold'"
    ) == [("without_events",)]


def test_an_amount_is_spread_over_the_lines_it_is_billed_with(company):
    lines = company.rows(
        "select subscription_item_id, cast(arr as double) from intermediate.int_arr_line_intervals"
        " where subscription_id = 'sub_spread' order by all"
    )
    assert lines == [("si_spread_0", 1120.0), ("si_spread_1", 560.0)]


def test_a_customer_whose_discount_takes_all_off_is_known(company):
    assert company.rows(
        "select account_id, status, cast(arr as double) from intermediate.int_arr_line_intervals"
        " where account_id in ('all_off', 'more_than_the_price') order by all"
    ) == [("all_off", "active", 0.0), ("more_than_the_price", "active", 0.0)]


def test_a_coupon_of_the_customer_is_no_difference_to_the_bills(company):
    """Regression: half of every month was called timing. The length of months is what is left."""
    differences = company.rows(
        "select month, cast(variance as double) from marts.mart_arr_tie_out"
        " where account_id = 'of_customer' and abs(variance) > 4"
    )
    assert differences == []


def test_grains_hold(company):
    assert [name for name in company.failing_tests() if "discount" in name] == []
