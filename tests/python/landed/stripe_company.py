"""A small company in Stripe: its objects as the API has them, without events."""

from __future__ import annotations

from itertools import pairwise

from tests.python.cases.stripe import Export, event, item, line, price, seconds, subscription, tier

MONTHS = [f"2024-{month:02d}-01" for month in range(7, 13)] + [
    f"2025-{month:02d}-01" for month in range(1, 8)
]
SEAT = price("price_seat", 5000)
YEAR = price("price_year", 1200000, interval="year")
TIERED = price(
    "price_tiered",
    None,
    decimal=None,
    tiers_mode="graduated",
    tiers=[tier(5, 9000, 1000), tier(None, 4000)],
)
COUPON = {
    "id": "off10",
    "object": "coupon",
    "duration": "forever",
    "duration_in_months": None,
    "percent_off": 12.5,
    "amount_off": None,
    "currency": None,
}


def stripe() -> Export:
    """Five customers: seats that grow, a yearly one with a discount, tiers, a pause, an end."""
    export = Export()
    export.add("prices", SEAT, YEAR, TIERED)
    export.add("coupons", COUPON)

    _sell(export, "grown", [item("si_grown", SEAT, 8, created=seconds("2024-07-01"))])
    for month, until in pairwise(MONTHS):
        seats = 5 if month < "2025-02-01" else 8
        _bill(export, "grown", month, until, SEAT, seats, seats * 5000)

    discount = {
        "id": "di_yearly",
        "object": "discount",
        "coupon": COUPON,
        "start": seconds("2024-07-01"),
        "end": None,
    }
    _sell(
        export,
        "yearly",
        [item("si_yearly", YEAR, 1, created=seconds("2024-07-01"))],
        discount=discount,
    )
    _bill(export, "yearly", "2024-07-01", "2025-07-01", YEAR, 1, 1200000)

    _sell(export, "tiered", [item("si_tiered", TIERED, 7, created=seconds("2024-07-01"))])
    for month, until in pairwise(MONTHS):
        _bill(export, "tiered", month, until, TIERED, 7, 5 * 9000 + 1000 + 2 * 4000)

    _sell(
        export,
        "paused",
        [item("si_paused", SEAT, 2, created=seconds("2024-07-01"))],
        pause_collection={"behavior": "void", "resumes_at": None},
    )
    for month, until in pairwise(MONTHS[:12]):
        _bill(export, "paused", month, until, SEAT, 2, 10000)

    _sell(
        export,
        "over",
        [item("si_over", SEAT, 3, created=seconds("2024-07-01"))],
        status="canceled",
        ended_at=seconds("2025-03-01"),
        canceled_at=seconds("2025-02-10"),
        cancellation_details={"reason": "cancellation_requested", "feedback": "too_expensive"},
    )
    for month, until in pairwise(MONTHS[:9]):
        _bill(export, "over", month, until, SEAT, 3, 15000)
    export.add(
        "charges",
        {
            "id": "ch_over",
            "customer": "cus_over",
            "invoice": "in_over_2025-02-01",
            "payment_intent": "pi_over",
            "amount": 15000,
            "amount_refunded": 0,
            "currency": "usd",
            "created": seconds("2025-02-01"),
            "status": "succeeded",
            "refunded": False,
            "livemode": True,
        },
    )
    export.tables.pop("events", None)
    export.add(
        "products",
        {
            "id": "prod_core",
            "name": "Core",
            "active": True,
            "created": seconds("2024-01-01"),
            "updated": seconds("2024-01-01"),
            "metadata": {},
            "livemode": True,
        },
    )
    return export


def events() -> list[dict]:
    """What happened to two of the subscriptions: seats were added, one was ended."""
    at = {each["id"]: each for each in stripe().tables["subscriptions"]}
    grown, over = at["sub_grown"], at["sub_over"]
    began = {"current_period_start": seconds("2024-07-01"), "pause_collection": None}
    five = [item("si_grown", SEAT, 5, created=seconds("2024-07-01"))]
    smaller = grown | began | {"items": grown["items"] | {"data": five}}
    alive = over | began | {"status": "active", "ended_at": None, "canceled_at": None}
    alive.pop("cancellation_details")
    return [
        event("evt_1", "2024-07-01", "created", smaller),
        event("evt_2", "2025-02-01", "updated", grown, items={"data": five}),
        event("evt_3", "2024-07-01", "created", alive),
        event("evt_4", "2025-03-01", "deleted", over),
    ]


def _sell(export: Export, account: str, items: list[dict], **more: object) -> None:
    export.sell(
        subscription(
            account,
            items,
            current_period_start=seconds("2025-06-01"),
            current_period_end=seconds("2025-07-01"),
            **more,
        )
    )


def _bill(
    export: Export, account: str, month: str, until: str, its_price: dict, seats: int, amount: int
) -> None:
    its_line = line(
        f"il_{account}_{month}",
        amount,
        (month, until),
        price=its_price,
        quantity=seats,
        subscription_item=f"si_{account}",
        livemode=True,
    )
    export.bill(account, month, its_line, livemode=True)
