"""Lives that were found to fail, shrunk to the smallest that does, each with its name.

All are built as one company; what is expected is what the oracle says of them.
"""

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.python.judge import files_company
from tests.python.judge.company import Case, Company
from tests.python.judge.files_life import Book, Contract, Line, Version
from tests.python.judge.stripe_export import Telling
from tests.python.judge.stripe_life import Action, Life, Start
from tests.python.judge.stripe_world import Coupon, Price, Tier

pytestmark = pytest.mark.long


def price(number: int = 0, **changes) -> Price:
    plain = {
        "product": f"prod_{number}",
        "currency": "usd",
        "interval": "month",
        "count": 1,
        "unit_amount": Decimal(10_000),
    }
    return Price(**{**plain, "id": f"price_L_{number}", **changes})


def coupon(**changes) -> Coupon:
    return replace(Coupon("co_L_0", Decimal(50), None, None, "forever"), **changes)


def case(
    *actions: Action,
    prices: tuple[Price, ...] = (price(),),
    coupons: tuple[Coupon, ...] = (),
    items: tuple[tuple[int, int], ...] = ((0, 4),),
    how: str = "active",
    second: int = 0,
    customer_coupon: int | None = None,
    **telling,
) -> Case:
    start = Start(400, second, how, items, actions)
    life = Life("L", prices[0].currency, prices, coupons, (start,), customer_coupon)
    return Case(life, Telling(**telling))


FLAT = (Tier(5, None, 10_000), Tier(None, 300, None))


def tiered(mode: str) -> Price:
    return price(unit_amount=None, tiers_mode=mode, tiers=FLAT)


NAMED = {
    # What was billed for the time in which it was unpaid was an exception nobody could explain.
    "unpaid_for_a_while_and_paid_after_all": case(
        Action("fail", 0, a=3, b=10), prices=(price(interval="year"),)
    ),
    # The credit was compared with the free period instead of the paid one it gives back.
    "free_time_that_ends_after_the_period": case(
        Action("trial", 55, b=33), prices=(price(count=3),)
    ),
    # The credit of a year was compared with the half year that followed it.
    "from_a_year_to_half_a_year": case(
        Action("interval", 200, b=1, proration="always_invoice"),
        prices=(price(interval="year"), price(1, count=6)),
    ),
    # Each alone, the free time could have come before the pause that was over by then.
    "paused_resumed_and_free_in_one_second": case(
        Action("pause", 40, a=2, b=44), Action("resume", 0), Action("trial", 0, b=13)
    ),
    # What was before a second was asked of any event of the one before, not of its last.
    "two_seconds_of_several_events": case(
        Action("quantity", 10, b=7, proration="none"),
        Action("quantity", 0, b=3, proration="none"),
        Action("pause", 3, a=2, b=44),
        Action("resume", 0),
        Action("trial", 0, b=13),
    ),
    # The last event of a subscription told of more seats than the one before, and nothing said so.
    "event_before_the_end_is_lost": case(
        Action("quantity", 20, b=3, proration="none"),
        Action("cancel_at", 10, b=20),
        Action("quantity", 5, b=9, proration="none"),
        prices=(price(interval="year"),),
        lost=(3,),
    ),
    # Free time inside a running subscription was churn, and its end a reactivation.
    "free_time_is_no_churn": case(Action("trial", 40, b=30)),
    "free_time_then_given_up": case(Action("trial", 40, b=30), Action("fail", 1, a=1)),
    "free_time_within_the_first_month": case(Action("trial", 10, b=40)),
    # unit_amount is null: tiers, flat amounts, packages, less than a cent.
    "flat_tier_graduated": case(
        prices=(price(unit_amount=None, tiers_mode="graduated", tiers=FLAT),)
    ),
    "flat_tier_volume": case(prices=(price(unit_amount=None, tiers_mode="volume", tiers=FLAT),)),
    "package_rounded_up": case(prices=(price(divide_by=10, round="up"),), items=((0, 3),)),
    "package_rounded_down": case(prices=(price(divide_by=10, round="down"),), items=((0, 29),)),
    "half_a_cent_each": case(prices=(price(unit_amount=Decimal("1905.5")),), items=((0, 5),)),
    "plan_instead_of_price": case(shape="plan"),
    # Minor units of the API, not of the law.
    "shillings_of_uganda": case(prices=(price(currency="ugx", unit_amount=Decimal(1_500_000)),)),
    "dinars_with_three_decimals": case(prices=(price(currency="bhd"),)),
    # The object shows its base currency; the subscription and its bills are in another.
    "option_of_a_price_listed": case(prices=(price(currency="eur", base=("usd", 9_000)),)),
    "option_of_a_price_on_bills_only": case(
        prices=(price(currency="eur", base=("usd", 9_000)),), tiers="nowhere"
    ),
    # The customer's coupon holds where the subscription has none.
    "customer_coupon_old": case(coupons=(coupon(),), customer_coupon=0),
    "customer_coupon_new": case(coupons=(coupon(),), customer_coupon=0, shape="new"),
    "customer_coupon_of_a_product": case(
        prices=(price(0), price(1)),
        items=((0, 1), (1, 2)),
        coupons=(Coupon("co_L_0", None, 2_900, "usd", "forever", None, ("prod_0",)),),
        customer_coupon=0,
        shape="new",
    ),
    # It was over before the export; of the bill that had it nothing else is left.
    "customer_coupon_that_only_a_void_bill_tells": case(
        Action("make_void", 25),
        prices=(price(interval="year"),),
        coupons=(coupon(percent_off=Decimal(30), duration="repeating", months=4),),
        customer_coupon=0,
        shape="old",
        is_expanded=True,
    ),
    # Two events of one second, in any order of the file.
    "paid_in_the_second_of_creation": case(how="incomplete", order="newest_first"),
    "changed_in_the_second_of_renewal": case(
        Action("quantity", 31, b=2, proration="none"), order="newest_first", shape="new"
    ),
    "never_paid": case(how="incomplete_expired"),
}

FREE = {"discount_percent": 100, "duration": "forever"}


def version(days: int, quantity: int, amount: str = "100", **discount) -> Version:
    return Version(days, Decimal(quantity), Decimal(amount), **discount)


def line(*versions: Version, product: str = "p0", **changes) -> Line:
    return Line(product, "month", 1, 0, versions, **changes)


def book(*contracts: Contract) -> Book:
    return Book("B", "USD", contracts)


BOOKS = {
    "two_changes_of_one_day": book(
        Contract(0, (line(version(0, 2), version(0, 3), version(0, 4)),))
    ),
    "seats_taken_off": book(Contract(0, (line(version(0, 10)), line(version(0, -4))))),
    "a_discount_line": book(Contract(0, (line(version(0, 10)), line(version(0, 1, "-150"))))),
    "terminated_at_its_term": book(
        Contract(0, (line(version(0, 1)),), ends=60, status="Terminated", has_ended_at=False)
    ),
    "renewed_early": book(
        Contract(0, (line(version(0, 1)),), ends=731, status="canceled"),
        Contract(-40, (line(version(0, 2)),), renews=True),
    ),
    "renewed_late": book(
        Contract(0, (line(version(0, 1)),), ends=365, status="expired"),
        Contract(80, (line(version(0, 2)),), renews=True),
    ),
    "paused_over_a_month_end": book(Contract(0, (line(version(0, 1)),), pause=(40, 40))),
    # A contract that never cost anything kept an account that had left, once it was paused.
    "never_paid_and_paused_beside_one_that_ends": book(
        Contract(0, (line(version(0, 1, **FREE)),), pause=(21, None)),
        Contract(1, (line(version(0, 2), product="p1"),), ends=400, status="canceled"),
    ),
    "free_from_its_first_day": book(
        Contract(0, (line(version(0, 1)),), ends=200, status="canceled"),
        Contract(680, (line(version(0, 3, **FREE), version(200, 3), product="p1"),)),
    ),
}


@pytest.fixture(scope="module")
def lives() -> dict[str, list[str]]:
    """What is wrong with each."""
    named = {name: each.named(f"N{n}") for n, (name, each) in enumerate(NAMED.items())}
    company = Company(list(named.values()))
    # Where an event is lost, a figure may be wrong as long as a gap says so.
    wrong = {
        found.case.name: found
        for found in company.findings()
        if not (found.case.telling.lost and found.is_told_of)
    }
    return {
        name: [wrong[each.name].story()] if each.name in wrong else []
        for name, each in named.items()
    }


@pytest.fixture(scope="module")
def contracts() -> dict[str, list[str]]:
    """What is wrong with each."""
    named = {name: each.named(f"N{n}") for n, (name, each) in enumerate(BOOKS.items())}
    company = files_company.Company(list(named.values()))
    wrong = {found.case.name: found for found in company.findings()}
    return {
        name: [wrong[each.name].story()] if each.name in wrong else []
        for name, each in named.items()
    }


@pytest.mark.parametrize("name", NAMED)
def test_life(lives, name):
    assert lives[name] == [], lives[name][0]


@pytest.mark.parametrize("name", BOOKS)
def test_contract(contracts, name):
    assert contracts[name] == [], contracts[name][0]
