"""Prices of Stripe in every form its API has, items in cut lists, and the currencies of amounts.

Each customer of the company is one form; its ARR is computed by hand, or a gap names it.
"""

from __future__ import annotations

import pytest

from tests.python.cases.company import Built, build
from tests.python.cases.stripe import (
    Export,
    Object,
    event,
    item,
    line,
    price,
    seconds,
    subscription,
    tier,
)

JULY = ("2024-07-01", "2024-08-01")
SOURCES = {
    "crm": ["files"],
    "billing": ["stripe", "files"],
    "product": ["files"],
    "support": ["files"],
    "feedback": ["files"],
}
GRADUATED = [tier(5, 1000, 2000), tier(None, 600, 500)]
VOLUME = [tier(5, 1000), tier("inf", 800, 1500)]

# Account: its price, its quantity, ARR.
SAID: dict[str, tuple[Object, int | None, float]] = {
    # 20 + 5 x 10 + 5 + 2 x 6 = 87 a month.
    "graduated": (price("p_graduated", tiers_mode="graduated", tiers=GRADUATED), 7, 1044.0),
    "graduated_first": (price("p_graduated", tiers_mode="graduated", tiers=GRADUATED), 5, 840.0),
    # 7 x 8 + 15 = 71, and 5 x 10 = 50.
    "volume": (price("p_volume", tiers_mode="volume", tiers=VOLUME), 7, 852.0),
    "volume_first": (price("p_volume", tiers_mode="volume", tiers=VOLUME), 5, 600.0),
    "tier_below_a_cent": (
        price("p_cheap", tiers_mode="graduated", tiers=[tier(None, "0.5")]),
        1000,
        60.0,
    ),
    # 25 of ten are 3, or 2.
    "package_up": (
        price("p_up", 5000, transform_quantity={"divide_by": 10, "round": "up"}),
        25,
        1800.0,
    ),
    "package_down": (
        price("p_down", 5000, transform_quantity={"divide_by": 10, "round": "down"}),
        25,
        1200.0,
    ),
    "package_even": (
        price("p_up", 5000, transform_quantity={"divide_by": 10, "round": "up"}),
        30,
        1800.0,
    ),
    # 1,000,000 x 0.003 cents = 30.00; 3 x 0.4 cents are one cent.
    "below_a_cent": (price("p_tiny", decimal="0.003"), 1_000_000, 360.0),
    "rounded_once": (price("p_cents", decimal="0.4"), 3, 0.12),
    "free": (price("p_free", 0), 3, 0.0),
    "weeks": (price("p_weeks", 1000, interval="week", count=2), 1, 260.0),
    "days": (price("p_days", 1000, interval="day", count=30), 1, 121.67),
    "years": (price("p_years", 30000, interval="year", count=2), 1, 150.0),
    "half_years": (price("p_half", 30000, count=6), 1, 600.0),
    "metered": (price("p_metered", 50, usage="metered"), None, 0.0),
    # 200 a month with 1,000 units, each further one 0.04.
    "committed": (
        price(
            "p_committed",
            usage="metered",
            tiers_mode="graduated",
            tiers=[tier(1000, 0, 20000), tier(None, 4)],
        ),
        None,
        2400.0,
    ),
}
# Account: currency, its price, quantity, ARR in dollars.
ABROAD: dict[str, tuple[str, Object, int, float]] = {
    "option": ("eur", price("p_option", 10000, currency_options={"eur": {"unit_amount": 9000}}),
               1, 1188.0),
    "option_tiers": (
        "eur",
        price(
            "p_option_tiers", tiers_mode="volume", tiers=VOLUME,
            currency_options={"eur": {"tiers": [tier(10, 700), tier(None, 500)]}},
        ),
        10,
        924.0,
    ),
    "option_decimal": (
        "eur",
        price("p_od", 10000, currency_options={"eur": {"unit_amount_decimal": "50.5"}}),
        2, 13.33,
    ),
    "yen": ("jpy", price("p_yen", 10000, currency="jpy"), 1, 804.0),
    "dinar": ("kwd", price("p_kwd", 12340, currency="kwd"), 1, 481.26),
    "shilling": ("ugx", price("p_ugx", 10_000_000, currency="ugx"), 1, 324.0),
    "krona": ("isk", price("p_isk", 1_000_000, currency="isk"), 1, 864.0),
    "forint": ("huf", price("p_huf", 1_000_000, currency="huf"), 1, 324.0),
    "taiwan": ("twd", price("p_twd", 100_000, currency="twd"), 1, 372.0),
}  # fmt: skip


def plan(plan_id: str, amount: int | None, **more: object) -> Object:
    """What a price was until API version 2020-08-27."""
    return {
        "id": plan_id,
        "object": "plan",
        "amount": amount,
        "currency": "usd",
        "interval": "month",
        "interval_count": 1,
        "product": "prod_core",
        "usage_type": "licensed",
        "billing_scheme": "per_unit" if amount is not None else "tiered",
        "active": True,
        **more,
    }


def _plans(export: Export) -> None:
    for account, its_plan, quantity in [
        ("plan", plan("gold", 5000), 2),
        ("plan_decimal", plan("cents", None, billing_scheme="per_unit", amount_decimal="0.5"), 200),
        ("plan_tiers", plan("tiers", None, tiers_mode="graduated", tiers=GRADUATED), 7),
        ("plan_packages", plan("packs", 900, transform_usage={"divide_by": 5, "round": "up"}), 6),
        ("plan_metered", plan("used", 5, usage_type="metered"), None),
        # The id was given again after a plan of 50 was deleted; the list has the new one of 70.
        ("plan_again", plan("again", 5000), 1),
    ]:
        its_item = item(f"si_{account}", "", quantity, plan=its_plan)
        del its_item["price"]
        export.sell(subscription(account, [its_item]))
    export.add("plans", plan("again", 7000, interval="month"), plan("listed_plan", 1500))
    # Before items were listed.
    alone = subscription("plan_alone", [], plan=plan("silver", 1000), quantity=3)
    del alone["items"]
    export.sell(alone, listed=False)
    export.sell(subscription("plan_by_id", [item("si_plan_by_id", "listed_plan", 2)]))


def _billed(export: Export) -> None:
    """What no object says and invoices do."""
    tiered = price("p_unsaid", tiers_mode="graduated")
    lines = {"price": tiered, "quantity": 10, "subscription_item": "si_billed"}
    export.sell(subscription("billed", [item("si_billed", tiered, 10)]))
    export.bill("billed", "2024-07-01", line("il_1", 8000, JULY, **lines))
    # The same price and quantity elsewhere.
    export.sell(subscription("billed_elsewhere", [item("si_elsewhere", tiered, 10)]))
    # One line per tier.
    export.sell(subscription("billed_by_tier", [item("si_by_tier", tiered, 8)]))
    export.bill(
        "billed_by_tier",
        "2024-07-01",
        *(
            line(
                f"il_tier_{quantity}",
                amount,
                JULY,
                **(lines | {"quantity": quantity, "subscription_item": "si_by_tier"}),
            )
            for amount, quantity in [(5000, 5), (1800, 3)]
        ),
    )
    # Nothing is billed in a trial; 80 a month after it.
    trial = subscription(
        "trial",
        [item("si_trial", tiered, 10)],
        status="active",
        trial_start=seconds("2024-07-01"),
        trial_end=seconds("2024-07-15"),
    )
    export.sell(trial)
    more = lines | {"subscription_item": "si_trial"}
    export.bill("trial", "2024-07-01", line("il_tr0", 0, ("2024-07-01", "2024-07-15"), **more))
    export.bill("trial", "2024-07-15", line("il_tr1", 8000, ("2024-07-15", "2024-08-15"), **more))
    # Within a first tier that is free.
    free = price("p_free_tier", tiers_mode="graduated")
    export.sell(subscription("free_tier", [item("si_free_tier", free, 3)]))
    export.bill(
        "free_tier",
        "2024-07-01",
        line("il_free", 0, JULY, price=free, quantity=3, subscription_item="si_free_tier"),
    )
    # A price of which only the id was delivered; a line of the newest API says what one costs.
    export.sell(subscription("by_id", [item("si_by_id", "p_nowhere", 4)]))
    export.bill(
        "by_id",
        "2024-07-01",
        line(
            "il_by_id",
            36000,
            ("2024-07-01", "2025-07-01"),
            quantity=4,
            proration=None,
            parent={
                "type": "subscription_item_details",
                "subscription_item_details": {
                    "subscription": "sub_by_id",
                    "subscription_item": "si_by_id",
                    "proration": False,
                },
            },
            pricing={
                "type": "price_details",
                "unit_amount_decimal": "9000",
                "price_details": {"price": "p_nowhere", "product": "prod_core"},
            },
        ),
    )
    custom = price("p_custom", None, custom_unit_amount={"minimum": 500})
    export.sell(subscription("custom", [item("si_custom", custom)]))
    export.bill(
        "custom",
        "2024-07-01",
        line("il_custom", 2500, JULY, price=custom, subscription_item="si_custom"),
    )
    # Options that were not expanded: 90 euros each, then two of them, not billed yet.
    base = price("p_base", 10000)
    one, two = ([item("si_euros", base, count)] for count in (1, 2))
    export.sell(subscription("option_billed", two, currency="eur"), listed=True)
    export.tables["events"][-1]["data"]["object"] = subscription(
        "option_billed", one, currency="eur"
    )
    export.add(
        "events",
        event(
            "evt_option_2",
            "2025-06-10",
            "updated",
            subscription("option_billed", two, currency="eur"),
        ),
    )
    export.bill(
        "option_billed",
        "2024-07-01",
        line(
            "il_option",
            9000,
            JULY,
            currency="eur",
            price=base,
            subscription_item="si_euros",
        ),
    )


def _unknown(export: Export) -> None:
    """What nobody says."""
    unknown: dict[str, Object] = {
        "no_tiers": subscription(
            "no_tiers", [item("si_nt", price("p_no_tiers", tiers_mode="volume"), 2)]
        ),
        "no_option": subscription(
            "no_option", [item("si_no", price("p_no_option", 100))], currency="eur"
        ),
        "no_object": subscription("no_object", [item("si_nob", "p_gone")]),
        "no_price": subscription("no_price", [item("si_np", {}) | {"price": None}]),
        "no_quantity": subscription("no_quantity", [item("si_nq", price("p_q", 100), None)]),
        "no_end": subscription(
            "no_end",
            [item("si_ne", price("p_no_end", tiers_mode="volume", tiers=[tier(5, 100)]), 6)],
        ),
        "other_mode": subscription(
            "other_mode",
            [item("si_om", price("p_other_mode", tiers_mode="stairstep", tiers=VOLUME), 6)],
        ),
        "other_round": subscription(
            "other_round",
            [
                item(
                    "si_or",
                    price(
                        "p_other_round",
                        100,
                        transform_quantity={"divide_by": 2, "round": "nearest"},
                    ),
                    3,
                )
            ],
        ),
        "other_scheme": subscription(
            "other_scheme", [item("si_os", price("p_other_scheme", 100, billing_scheme="auction"))]
        ),
        "other_usage": subscription(
            "other_usage", [item("si_ou", price("p_other_usage", 100, usage="hybrid"))]
        ),
        "other_interval": subscription(
            "other_interval", [item("si_oi", price("p_other_interval", 100, interval="fortnight"))]
        ),
        "other_currency": subscription(
            "other_currency",
            [item("si_oc", price("p_other_currency", 100, currency="iqd"))],
            currency="iqd",
        ),
        "only_trial": subscription(
            "only_trial",
            [item("si_ot", price("p_only_trial", tiers_mode="volume"), 2)],
            trial_end=seconds("2024-08-01"),
        ),
        "no_items": subscription("no_items", []),
    }
    for its_subscription in unknown.values():
        export.sell(its_subscription)
    for each in export.tables["customers"]:
        if each["id"] == "cus_other_currency":
            each["currency"] = None
    export.bill(
        "only_trial",
        "2024-07-01",
        line(
            "il_ot",
            0,
            JULY,
            price=price("p_only_trial", tiers_mode="volume"),
            quantity=2,
            subscription_item="si_ot",
        ),
    )
    metered = price("p_metered_tiers", usage="metered", tiers_mode="graduated")
    export.sell(subscription("metered_tiers", [item("si_mt", metered, None)]))


def _cut(export: Export) -> None:
    """Lists of items that were cut at a page."""
    ten = price("p_ten", 1000)

    def cut(account: str, listed: int, total: int | None, billed: int) -> None:
        items = [item(f"si_{account}_{number}", ten) for number in range(listed)]
        more = {"has_more": True, "total_count": total}
        export.sell(subscription(account, items, listed=more))
        if billed:
            export.bill(
                account,
                "2024-07-01",
                *(
                    line(
                        f"il_{account}_{number}",
                        1000,
                        JULY,
                        price=ten,
                        subscription_item=f"si_{account}_{number}",
                    )
                    for number in range(billed)
                ),
            )

    cut("cut_billed", 10, 12, 12)
    cut("cut_unbilled", 10, 12, 0)
    cut("cut_partly", 10, 12, 11)
    cut("cut_uncounted", 2, None, 3)
    # An item that was given back in September was in the list of July, not in that of September.
    items = [item("si_left_0", ten), item("si_left_1", ten)]
    more = {"has_more": True, "total_count": 4}
    export.sell(subscription("cut_left", items, listed=more | {"total_count": 3}), listed=True)
    export.tables["events"][-1]["data"]["object"] = subscription("cut_left", items, listed=more)
    left = subscription("cut_left", items, listed=more | {"total_count": 3})
    export.add("events", event("evt_left_2", "2024-07-20", "updated", left))
    export.bill(
        "cut_left",
        "2024-07-01",
        *(
            line(f"il_left_{number}", 1000, JULY, price=ten, subscription_item=f"si_left_{number}")
            for number in range(4)
        ),
    )
    export.bill(
        "cut_left",
        "2024-07-20",
        line(
            "il_left_credit",
            -387,
            ("2024-07-20", "2024-08-01"),
            price=ten,
            proration=True,
            subscription_item="si_left_3",
        ),
    )


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The company of all the forms."""
    folder = tmp_path_factory.mktemp("prices")
    export = Export()
    for account, (its_price, quantity, _) in SAID.items():
        export.sell(subscription(account, [item(f"si_{account}", its_price, quantity)]))
    for account, (currency, its_price, quantity, _) in ABROAD.items():
        items = [item(f"si_{account}", its_price, quantity)]
        export.sell(subscription(account, items, currency=currency))
    _plans(export)
    _billed(export)
    _unknown(export)
    _cut(export)
    return build(folder / "home", export.write(folder / "export"), sources=SOURCES)


def gaps(company: Built, account: str) -> set[tuple[str, str]]:
    """Codes and severities of what is missing of a subscription."""
    return set(company.rows(
        "select gap, severity from intermediate.int_stripe_item_gaps where object_id = ?",
        f"sub_{account}",
    ))  # fmt: skip


@pytest.mark.parametrize("account", SAID)
def test_price_object_says_what_an_interval_costs(company: Built, account: str) -> None:
    arr = SAID[account][2]
    assert (company.arr(account) or 0.0) == arr
    assert gaps(company, account) == set()


@pytest.mark.parametrize("account", ABROAD)
def test_amount_is_in_the_currency_of_the_subscription(company: Built, account: str) -> None:
    assert company.arr(account) == ABROAD[account][3]
    assert gaps(company, account) == set()


@pytest.mark.parametrize(
    ("account", "arr"),
    [
        ("plan", 1200.0),
        ("plan_decimal", 12.0),
        ("plan_tiers", 1044.0),
        ("plan_packages", 216.0),
        ("plan_metered", None),
        ("plan_again", 600.0),
        ("plan_alone", 360.0),
        ("plan_by_id", 360.0),
    ],
)
def test_plan_of_an_old_api_version_is_a_price(
    company: Built, account: str, arr: float | None
) -> None:
    assert company.arr(account) == arr
    assert gaps(company, account) == set()


@pytest.mark.parametrize(
    ("account", "arr"),
    [
        ("billed", 960.0),
        ("billed_elsewhere", 960.0),
        ("billed_by_tier", 816.0),
        ("trial", 960.0),
        ("free_tier", None),
        ("by_id", 360.0),
        ("custom", 300.0),
        ("option_billed", 2376.0),
    ],
)
def test_invoices_say_what_a_price_does_not(
    company: Built, account: str, arr: float | None
) -> None:
    assert company.arr(account) == arr
    assert gaps(company, account) == set()


def test_quantity_that_was_never_billed_has_the_price_of_one(company: Built) -> None:
    assert company.arr("option_billed", "2025-05-01") == 1188.0


def test_what_is_unknown_of_a_subscription_has_one_name(company: Built) -> None:
    assert company.rows(
        "select object_id, list(gap) from facts.fct_data_gap"
        " where object_type = 'subscription' and severity = 'error'"
        " group by object_id having count(*) > 1"
    ) == []  # fmt: skip


def test_price_read_from_invoices_is_told_once(company: Built) -> None:
    told = company.rows(
        "select object_id, row_count, severity from intermediate.int_stripe_item_gaps"
        " where gap = 'price_from_invoices' order by all"
    )
    assert ("p_unsaid", 4, "info") in told
    assert {row[0] for row in told} == {"p_unsaid", "p_nowhere", "p_custom", "p_base",
                                        "p_free_tier"}  # fmt: skip


@pytest.mark.parametrize(
    ("account", "gap", "words"),
    [
        ("no_tiers", "price_unknown", "p_no_tiers of item si_nt is in tiers"),
        ("no_option", "price_unknown", "p_no_option of item si_no is in USD"),
        ("no_object", "price_unknown", "p_gone of item si_nob was delivered as an id alone"),
        ("no_price", "price_unknown", "si_np was not told"),
        ("no_quantity", "quantity_unknown", "p_q of item si_nq has no quantity"),
        ("no_end", "price_unknown", "p_no_end of item si_ne does not say what 6"),
        ("other_mode", "price_unknown", "p_other_mode"),
        ("other_round", "price_unknown", "p_other_round"),
        ("other_scheme", "price_unknown", "p_other_scheme"),
        ("other_usage", "price_unknown", "usage type not understood: hybrid"),
        ("other_interval", "interval_unknown", "is billed every 1 fortnight"),
        ("other_currency", "currency_unknown", "is in IQD"),
        ("only_trial", "price_unknown", "p_only_trial"),
        ("no_items", "items_missing", "no item of it was told"),
        ("cut_unbilled", "items_not_listed", "10 of 12 are listed, 0 more"),
        ("cut_partly", "items_not_listed", "10 of 12 are listed, 1 more"),
    ],
)
def test_unknown_price_is_named_and_never_nothing(
    company: Built, account: str, gap: str, words: str
) -> None:
    [(severity, sentence, account_id)] = company.rows(
        "select severity, what_is_missing, account_id from intermediate.int_stripe_item_gaps"
        " where object_id = ? and gap = ?",
        f"sub_{account}",
        gap,
    )
    assert severity == "error"
    assert f"Subscription sub_{account} is paid for" in sentence
    assert words in sentence
    assert account_id == account


def test_flat_amount_of_usage_in_unknown_tiers_is_a_warning(company: Built) -> None:
    assert gaps(company, "metered_tiers") == {("commitment_unknown", "warning")}
    told = company.rows(
        "select gap, severity from facts.fct_data_gap where object_id = 'sub_metered_tiers'"
    )
    assert told == [("commitment_unknown", "warning")]


def test_items_beyond_a_page_come_from_invoices(company: Built) -> None:
    assert company.arr("cut_billed") == 1440.0
    assert gaps(company, "cut_billed") == {("items_from_invoices", "info")}
    assert company.arr("cut_uncounted") == 360.0
    assert gaps(company, "cut_uncounted") == {("items_uncounted", "warning")}
    assert company.arr("cut_partly") == 1320.0
    assert company.arr("cut_unbilled") == 1200.0


def test_item_that_was_given_back_is_not_beyond_the_page(company: Built) -> None:
    assert company.arr("cut_left") == 360.0
    assert gaps(company, "cut_left") == {("items_from_invoices", "info")}


def test_only_what_is_unknown_is_an_error(company: Built) -> None:
    named = {row[0].removeprefix("sub_") for row in company.rows(
        "select object_id from intermediate.int_stripe_item_gaps where severity = 'error'"
    )}  # fmt: skip
    assert named == {
        "no_tiers", "no_option", "no_object", "no_price", "no_quantity", "no_end", "other_mode",
        "other_round", "other_scheme", "other_usage", "other_interval", "other_currency",
        "only_trial", "no_items", "cut_unbilled", "cut_partly",
    }  # fmt: skip
