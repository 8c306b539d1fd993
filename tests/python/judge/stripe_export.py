"""What an export of Stripe holds of the lives that were played: objects of today, events, invoices.

Three shapes of the API: `plan` (items without prices, before 2020), `old` (2024-06-20) and `new`
(2025-09-30: periods on items, parents of invoices and lines, lists of discounts). `Telling` says
what else differs between one export and another of the same life: what was expanded, what was lost,
in which order the file stands.
"""

import json
import random
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

from hypothesis import strategies as st

from tests.python.judge.stripe_life import AS_OF_END, Played
from tests.python.judge.stripe_oracle import RATES
from tests.python.judge.stripe_world import (
    Coupon,
    Discount,
    Event,
    Invoice,
    Item,
    Line,
    Price,
    State,
)

Row = dict
VERSIONS = {"plan": "2019-05-16", "old": "2024-06-20", "new": "2025-09-30.clover"}


@dataclass(frozen=True)
class Telling:
    """How a life is told.

    Attributes:
        shape: API version.
        is_expanded: Discounts are objects in lists of subscriptions and invoices.
        tiers: Where tiers stand: `everywhere`, in `prices`, `nowhere`.
        order: How the file of events is ordered: `by_time`, `newest_first`, `shuffled`.
        lost: Numbers of the events that were never exported.
        twice: Numbers of the events that stand in the file twice.
        has_invoices: Whether bills were exported.
    """

    shape: str = "old"
    is_expanded: bool = True
    tiers: str = "prices"
    order: str = "by_time"
    lost: tuple[int, ...] = ()
    twice: tuple[int, ...] = ()
    has_invoices: bool = True


@st.composite
def tellings(draw, *, may_lose: bool = False) -> Telling:
    """An export that holds all there is to know, or one that may lack something."""
    lost, twice = (), tuple(draw(st.lists(st.integers(0, 30), max_size=2)))
    if may_lose:
        lost = tuple(sorted(draw(st.sets(st.integers(0, 25), min_size=1, max_size=3))))
    return Telling(
        shape=draw(st.sampled_from(("old", "new", "plan", "old", "new"))),
        is_expanded=not may_lose or draw(st.booleans()),
        tiers=draw(st.sampled_from(("prices", "everywhere", *(("nowhere",) if may_lose else ())))),
        order=draw(st.sampled_from(("by_time", "newest_first", "shuffled"))),
        lost=lost,
        twice=twice,
        has_invoices=not may_lose or draw(st.booleans()),
    )


def is_whole(played: Played, telling: Telling) -> bool:
    """Whether an export holds all that the figures need.

    A discount is known when some object of the export is whole: what a subscription has today, what
    an invoice was made with. Events never have the products that a coupon is for.
    """
    if telling.lost or not telling.is_expanded or telling.tiers == "nowhere":
        return False
    known = {
        discount.id for states in played.states.values() for discount in states[-1][1].discounts
    }
    if telling.has_invoices:
        for bill in played.invoices:
            known |= {discount.id for discount in bill.discounts}
            known |= {d.id for line in bill.lines for d in (*line.discounts, *_of_item(line))}
    held = set()
    for states in played.states.values():
        for _, state in states:
            held |= {discount.id for discount in state.discounts}
            held |= {discount.id for item in state.items for discount in item.discounts}
    customer = played.customer_discount
    if customer:
        held.add(customer.id)
        if customer.is_active(AS_OF_END - 1):
            known.add(customer.id)
    return held <= known


def leaves_traces(played: Played, telling: Telling) -> bool:
    """Whether what was lost can be noticed at all.

    A pause and its end that were both lost leave everything as it was; a coupon of the customer
    that is over stands on invoices only, and by its id alone it says nothing of a subscription of
    which it took nothing off. An object that is again as the last told event found it looks fetched
    before that event: the warehouse informs of it (`object_outdated`).
    Nobody can tell these, nor say that they are missing.
    """
    held = played.customer_discount
    if held and not held.is_active(AS_OF_END - 1):
        bills = played.invoices if telling.has_invoices else ()
        of_lines = {b.subscription for b in bills for line in b.lines if held in line.discounts}
        named = of_lines | {bill.subscription for bill in bills if held in bill.discounts}
        taken_off = {
            bill.subscription
            for bill in bills
            for line in bill.lines
            if any(held.id == each.id and amount for each, amount in line.discounted)
        }
        concerned = {
            key
            for key, states in played.states.items()
            if any(held.is_active(stamp) for stamp, _ in states)
        }
        if not taken_off and not named:
            return False
        if not telling.is_expanded and not concerned <= taken_off:
            return False
    for key, states in played.states.items():
        ours = [(n, e) for n, e in enumerate(played.events) if e.after.id == key]
        kept = [event for n, event in ours if n not in telling.lost]
        if not kept or kept[0] is not ours[0][1]:
            continue  # the object says since when there was something
        for left, right in pairwise(kept):
            between = [e for _, e in ours if left.created <= e.created <= right.created]
            told = right.before if right.type.endswith("updated") else right.after
            if len(between) > 2 and told and _visible(left.after) == _visible(told):
                return False
        if kept[-1] is not ours[-1][1]:
            last, today = kept[-1], states[-1][1]
            if _visible(last.after) == _visible(today):
                return False
            # What was lost brought back what the last told event had changed, within its period:
            # the object may as well have been fetched before that event.
            if (
                last.before
                and _visible(last.before) == _visible(today)
                and today.period_start <= last.after.period_start
            ):
                return False
    return True


def _visible(state: State) -> tuple:
    """What of a state decides on ARR."""
    status = "active" if state.status == "past_due" else state.status
    items = tuple((item.id, item.price.id, item.quantity, item.discounts) for item in state.items)
    return (status, state.customer, state.pause, items, state.discounts)


def _of_item(line: Line) -> tuple[Discount, ...]:
    return line.item.discounts if not line.is_proration else ()


class Teller:
    """Writes one life in the shape of a `Telling`."""

    def __init__(self, played: Played, telling: Telling) -> None:
        self.played, self.telling = played, telling
        shape = telling.shape
        several = any(
            len(state.discounts) > 1 or any(item.discounts for item in state.items)
            for states in played.states.values()
            for _, state in states
        )
        # Before 2020 a subscription had one discount, and an item none.
        self.shape = "old" if shape == "plan" and several else shape
        self.is_new = self.shape == "new"

    # -- parts ---------------------------------------------------------------------------------

    def price(self, price: Price, *, is_listed: bool = False) -> Row:
        currency, amount = price.currency, price.unit_amount
        if price.base:
            currency, amount = price.base[0], Decimal(price.base[1])
        is_whole = amount is not None and amount == int(amount)
        row: Row = {
            "id": price.id,
            "object": "price",
            "product": price.product,
            "currency": currency,
            "unit_amount": int(amount) if is_whole else None,
            "unit_amount_decimal": None if amount is None else f"{amount.normalize():f}",
            "type": "recurring",
            "billing_scheme": "tiered" if price.tiers_mode else "per_unit",
            "tiers_mode": price.tiers_mode,
            "transform_quantity": {"divide_by": price.divide_by, "round": price.round}
            if price.divide_by
            else None,
            "recurring": {
                "interval": price.interval,
                "interval_count": price.count,
                "usage_type": price.usage,
            },
            "nickname": None,
            "active": True,
            "created": 1_672_531_200,
            "livemode": True,
            "metadata": {},
        }
        told = self.telling.tiers
        if price.base and is_listed and told != "nowhere":
            row["currency_options"] = {
                price.currency: {
                    "unit_amount": int(price.unit_amount),
                    "unit_amount_decimal": str(int(price.unit_amount)),
                    "custom_unit_amount": None,
                    "tax_behavior": "unspecified",
                },
                currency: {"unit_amount": int(amount), "unit_amount_decimal": str(int(amount))},
            }
        if price.tiers_mode and (told == "everywhere" or (told == "prices" and is_listed)):
            row["tiers"] = [
                {
                    "up_to": tier.up_to,
                    "unit_amount": tier.unit_amount,
                    "unit_amount_decimal": None
                    if tier.unit_amount is None
                    else str(tier.unit_amount),
                    "flat_amount": tier.flat_amount,
                    "flat_amount_decimal": None
                    if tier.flat_amount is None
                    else str(tier.flat_amount),
                }
                for tier in price.tiers
            ]
        return row

    def plan(self, price: Price) -> Row:
        row = self.price(price)
        return {
            "id": price.id,
            "object": "plan",
            "amount": row["unit_amount"],
            "amount_decimal": row["unit_amount_decimal"],
            "currency": row["currency"],
            "interval": price.interval,
            "interval_count": price.count,
            "product": price.product,
            "billing_scheme": row["billing_scheme"],
            "tiers_mode": price.tiers_mode,
            "transform_usage": row["transform_quantity"],
            "usage_type": price.usage,
            **({"tiers": row["tiers"]} if "tiers" in row else {}),
        }

    def coupon(self, coupon: Coupon, *, is_event: bool) -> Row:
        row = {
            "id": coupon.id,
            "object": "coupon",
            "percent_off": None if coupon.percent_off is None else float(coupon.percent_off),
            "amount_off": coupon.amount_off,
            "currency": coupon.currency,
            "duration": coupon.duration,
            "duration_in_months": coupon.months,
            "livemode": True,
            "valid": True,
        }
        if coupon.products and not is_event:
            # Only where it is asked for.
            row["applies_to"] = {"products": list(coupon.products)}
        return row

    def discount(self, discount: Discount, *, is_event: bool = False, **where: str | None) -> Row:
        coupon = self.coupon(discount.coupon, is_event=is_event)
        source = {"source": {"type": "coupon", "coupon": coupon}}
        return {
            "id": discount.id,
            "object": "discount",
            **(source if self.is_new else {"coupon": coupon}),
            "customer": where.get("customer"),
            "subscription": where.get("subscription"),
            "subscription_item": where.get("subscription_item"),
            "start": discount.start,
            "end": discount.end,
        }

    def listed(self, discounts: Iterable[Discount], *, is_event: bool, **where: str | None) -> list:
        if is_event or not self.telling.is_expanded:
            return [discount.id for discount in discounts]
        return [self.discount(discount, **where) for discount in discounts]

    def of_bill(self, named: Iterable[Discount], bill: Invoice, item: Item | None = None) -> list:
        """Discounts as a bill has them: each says whether it is the customer's or of what."""
        rows: list = []
        for discount in named:
            where: dict[str, str | None] = {"customer": bill.customer}
            if item and discount in item.discounts:
                where["subscription_item"] = item.id
            elif discount != self.played.customer_discount:
                where["subscription"] = bill.subscription
            rows += self.listed([discount], is_event=False, **where)
        return rows

    def item(self, item: Item, state: State, *, is_event: bool) -> Row:
        row: Row = {
            "id": item.id,
            "object": "subscription_item",
            "created": item.created,
            "subscription": state.id,
            "metadata": {},
        }
        if item.price.usage != "metered":
            row["quantity"] = item.quantity
        if self.shape == "plan":
            return {**row, "plan": self.plan(item.price)}
        row["price"] = self.price(item.price)
        # Items of a subscription list the ids of their discounts.
        row["discounts"] = [discount.id for discount in item.discounts]
        if self.is_new:
            row |= {
                "current_period_start": state.period_start,
                "current_period_end": state.period_end,
            }
        return row

    def subscription(self, state: State, *, is_event: bool) -> Row:
        pause = state.pause
        row: Row = {
            "id": state.id,
            "object": "subscription",
            "customer": state.customer,
            "status": state.status,
            "created": state.created,
            "start_date": state.start_date,
            "billing_cycle_anchor": state.anchor,
            "currency": state.currency,
            "livemode": True,
            "metadata": {},
            "trial_start": state.trial_start,
            "trial_end": state.trial_end,
            "cancel_at": state.cancel_at,
            "cancel_at_period_end": state.cancel_at_period_end,
            "canceled_at": state.canceled_at,
            "ended_at": state.ended_at,
            "cancellation_details": {"reason": state.reason, "feedback": None, "comment": None},
            "pause_collection": {"behavior": pause[0], "resumes_at": pause[1]} if pause else None,
            "items": {
                "object": "list",
                "data": [self.item(item, state, is_event=is_event) for item in state.items],
                "has_more": False,
                "total_count": len(state.items),
                "url": f"/v1/subscription_items?subscription={state.id}",
            },
        }
        where = {"customer": state.customer, "subscription": state.id}
        if not self.is_new:
            row |= {
                "current_period_start": state.period_start,
                "current_period_end": state.period_end,
                "discount": self.discount(state.discounts[0], is_event=is_event, **where)
                if state.discounts
                else None,
            }
        if self.shape != "plan":
            row["discounts"] = self.listed(state.discounts, is_event=is_event, **where)
        return row

    # -- tables --------------------------------------------------------------------------------

    def event(self, event: Event) -> Row:
        data: Row = {"object": self.subscription(event.after, is_event=True)}
        if event.type.endswith("updated"):
            before = self.subscription(event.before, is_event=True)
            data["previous_attributes"] = difference(before, data["object"])
        return {
            "id": event.id,
            "object": "event",
            "type": event.type,
            "created": event.created,
            "api_version": VERSIONS[self.shape],
            "livemode": True,
            "data": data,
        }

    def customers(self) -> list[Row]:
        life, held = self.played.life, self.played.customer_discount
        rows = []
        for suffix in ("", "_other"):
            key = f"cus_{life.name}{suffix}"
            row: Row = {
                "id": key,
                "object": "customer",
                "email": f"{life.name.lower()}{suffix}@example.com",
                "name": f"Customer {life.name}{suffix}",
                "created": 1_672_531_200,
                "currency": life.currency,
                "delinquent": False,
                "livemode": True,
                "discount": None,
                "metadata": {"crm_account_id": f"A_{life.name}{suffix}"},
            }
            if held and not suffix and held.is_active(AS_OF_END - 1):
                row["discount"] = self.discount(held, customer=key)
            rows.append(row)
        return rows

    def line(self, line: Line, bill: Invoice) -> Row:
        item = line.item
        row: Row = {
            "id": line.id,
            "object": "line_item",
            "invoice": bill.id,
            "amount": line.amount,
            "currency": bill.currency,
            "description": "",
            "period": {"start": line.start, "end": line.end},
            "quantity": line.quantity,
            "discount_amounts": [
                {"amount": amount, "discount": discount.id} for discount, amount in line.discounted
            ],
            "discountable": not line.is_proration,
            "livemode": True,
            "metadata": {},
        }
        named = line.discounts if line.is_proration else item.discounts
        row["discounts"] = self.of_bill(named, bill, item)
        if self.is_new:
            row |= {
                "parent": {
                    "type": "subscription_item_details",
                    "subscription_item_details": {
                        "subscription": bill.subscription,
                        "subscription_item": item.id,
                        "proration": line.is_proration,
                        "invoice_item": None,
                    },
                },
                "pricing": {
                    "type": "price_details",
                    "price_details": {"price": item.price.id, "product": item.price.product},
                    "unit_amount_decimal": self.price(item.price)["unit_amount_decimal"],
                },
            }
            return row
        row |= {
            "proration": line.is_proration,
            "subscription": bill.subscription,
            "subscription_item": item.id,
            "type": "invoiceitem" if line.is_proration else "subscription",
        }
        if self.shape == "plan":
            return {**row, "plan": self.plan(item.price)}
        return {**row, "price": self.price(item.price)}

    def invoice(self, bill: Invoice) -> Row:
        is_settled = bill.status == "paid"
        due = max(0, bill.total)
        row: Row = {
            "id": bill.id,
            "object": "invoice",
            "customer": bill.customer,
            "status": bill.status,
            "billing_reason": bill.reason,
            "created": bill.created,
            "due_date": None,
            "currency": bill.currency,
            "livemode": True,
            "status_transitions": {
                "finalized_at": None if bill.status == "draft" else bill.created,
                "paid_at": bill.created if is_settled else None,
                "voided_at": bill.created if bill.status == "void" else None,
                "marked_uncollectible_at": bill.created if bill.status == "uncollectible" else None,
            },
            "subtotal": bill.subtotal,
            "total": bill.total,
            "amount_paid": due if is_settled else 0,
            "amount_remaining": 0 if is_settled else due,
            "attempt_count": 1,
            "period_start": bill.created,
            "period_end": bill.created,
            "discounts": self.of_bill(bill.discounts, bill),
        }
        if self.is_new:
            details = {"subscription": bill.subscription, "metadata": {}}
            row["parent"] = {
                "type": "subscription_details",
                "subscription_details": details,
            }
            payment = {"type": "payment_intent", "payment_intent": f"pi_{bill.id}"}
            payments = {"object": "list", "data": [{"id": f"inpay_{bill.id}", "payment": payment}]}
            return {**row, "total_taxes": [], "payments": payments}
        return {**row, "subscription": bill.subscription, "tax": None}

    def charge(self, bill: Invoice) -> Row:
        """The payment of an invoice, which names it up to API version 2025-03-31."""
        return {
            "id": f"ch_{bill.id}",
            "object": "charge",
            "customer": bill.customer,
            "payment_intent": f"pi_{bill.id}",
            **({} if self.is_new else {"invoice": bill.id}),
            "amount": bill.total,
            "amount_refunded": bill.refunded,
            "refunded": bill.refunded == bill.total,
            "currency": bill.currency,
            "created": bill.created,
            "status": "succeeded",
            "livemode": True,
        }

    def tables(self) -> dict[str, list[Row]]:
        played, telling = self.played, self.telling
        events = [self.event(event) for event in played.events]
        kept = [row for n, row in enumerate(events) if n not in telling.lost]
        kept += [events[n] for n in telling.twice if n < len(events) and n not in telling.lost]
        bills = played.invoices if telling.has_invoices else []
        return {
            "customers": self.customers(),
            "prices": [self.price(price, is_listed=True) for price in played.life.prices],
            "subscriptions": [
                self.subscription(states[-1][1], is_event=False)
                for states in played.states.values()
            ],
            "events": kept,
            "invoices": [self.invoice(bill) for bill in bills],
            "invoice_line_items": [self.line(line, bill) for bill in bills for line in bill.lines],
            "charges": [self.charge(bill) for bill in bills if bill.refunded],
        }


def difference(before: Row, after: Row) -> Row:
    """`previous_attributes`: of a hash the keys that changed, of a list all of it."""
    changed: Row = {}
    for key in {**before, **after}:
        old, new = before.get(key), after.get(key)
        if old == new:
            continue
        is_nested = isinstance(old, dict) and isinstance(new, dict)
        changed[key] = difference(old, new) if is_nested else old
    return changed


def write(folder: Path, told: Iterable[Teller], *, seed: int = 0) -> dict[str, Path]:
    """The exports of a company: its accounts and rates as files, its billing as Stripe has it."""
    crm, stripe = folder / "crm", folder / "stripe"
    crm.mkdir(parents=True)
    stripe.mkdir()
    tables: dict[str, list[Row]] = {}
    accounts = []
    blocks: list[list[Row]] = []
    for teller in told:
        for name, rows in teller.tables().items():
            if name == "events":
                blocks.append(_ordered(rows, teller.telling.order, seed))
            tables.setdefault(name, []).extend(rows)
        accounts += [row["metadata"]["crm_account_id"] for row in teller.customers()]
    tables["events"] = [row for block in blocks for row in block]
    tables["products"] = [
        {"id": f"prod_{n}", "name": f"Product {n}", "active": True, "created": 1_672_531_200}
        for n in range(3)
    ]
    for name, rows in tables.items():
        with (stripe / f"{name}.jsonl").open("w", encoding="utf-8") as file:
            file.writelines(f"{json.dumps(row)}\n" for row in rows)
    lines = ["account_id,account_name,segment,created_at"]
    lines += [f"{account},{account},SMB,2023-01-01T00:00:00Z" for account in accounts]
    (crm / "accounts.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    rates = ["currency,valid_from,rate_to_reporting"]
    rates += [f"{name.upper()},2020-01-01,{rate}" for name, rate in RATES.items() if name != "usd"]
    (crm / "fx_rates.csv").write_text("\n".join(rates) + "\n", encoding="utf-8")
    (crm / "subscriptions.csv").write_text(
        "subscription_id,account_id,status,started_at\n"
        f"none,{accounts[0]},active,2023-01-01T00:00:00Z\n",
        encoding="utf-8",
    )
    (crm / "subscription_items.csv").write_text(
        "subscription_item_id,subscription_id,valid_from,quantity,unit_amount,billing_interval\n"
        "none,none,2023-01-01,0,0,month\n",
        encoding="utf-8",
    )
    return {"files": crm, "stripe": stripe}


def _ordered(rows: list[Row], order: str, seed: int) -> list[Row]:
    if order == "newest_first":
        return rows[::-1]
    if order == "shuffled":
        random.Random(seed).shuffle(rows)
    return rows
