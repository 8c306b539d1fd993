"""Stripe: customers, subscriptions, their events, invoices and charges as API objects.

Objects written before 2025-03-31 have the older shape, later ones the newer: periods on the
items, a list of discounts, an invoice's subscription below ``parent``.
"""

import json
from collections.abc import Iterator

from demo import catalog
from demo.billing import Discount, Item, State, Subscription
from demo.book import Book
from demo.catalog import Price
from demo.clock import at
from demo.ids import number_of, stripe, token
from demo.invoicing import Invoice, Line

NEW_SHAPE = at(2025, 3, 31)
OLD_VERSION, NEW_VERSION = "2024-06-20", "2025-03-31.basil"
FILES = (
    "customers",
    "products",
    "prices",
    "subscriptions",
    "events",
    "invoices",
    "invoice_line_items",
    "charges",
)


# What every object repeats, and what the warehouse has no use for.
LEFT_OUT = ("object", "collection_method")


def text(row: dict) -> str:
    """One JSON line."""
    row = {key: value for key, value in row.items() if key not in LEFT_OUT}
    return json.dumps(row, separators=(",", ":"), ensure_ascii=False) + "\n"


def price_object(price: Price) -> dict:
    """A price."""
    recurring = None
    if price.recurring:
        recurring = {
            "interval": price.interval,
            "interval_count": price.interval_count,
            "usage_type": price.usage_type,
        }
    return {
        "id": price.id,
        "object": "price",
        "product": price.product,
        "currency": price.currency,
        "unit_amount": price.unit_amount,
        "unit_amount_decimal": price.unit_amount_decimal,
        "type": "recurring" if price.recurring else "one_time",
        "recurring": recurring,
        "nickname": price.nickname,
        "active": True,
        "created": price.created,
        "metadata": {},
    }


def products(cut: int) -> Iterator[dict]:
    """The catalogue."""
    for key, (name, is_core, created) in catalog.PRODUCTS.items():
        if created < cut:
            yield {
                "id": key,
                "object": "product",
                "name": name,
                "active": True,
                "created": created,
                "updated": created,
                "metadata": {"is_core": "true" if is_core else "false"},
            }


def _discount(discount: Discount) -> dict:
    coupon = discount.coupon
    return {
        "id": discount.id,
        "object": "discount",
        "coupon": {
            "id": coupon.id,
            "percent_off": coupon.percent_off,
            "amount_off": coupon.amount_off,
            "currency": coupon.currency,
            "duration": coupon.duration,
            "duration_in_months": coupon.months,
        },
        "start": discount.start,
        "end": discount.end,
    }


def _item(item: Item, sub: Subscription, state: State, *, new: bool) -> dict:
    row = {
        "id": item.id,
        "object": "subscription_item",
        "subscription": sub.id,
        "created": item.created,
        "price": price_object(item.price),
        "quantity": item.quantity,
    }
    if not item.price.licensed:
        del row["quantity"]
    if new:
        row["current_period_start"] = state.period_start
        row["current_period_end"] = state.period_end
    return row


def subscription_object(sub: Subscription, state: State, *, new: bool) -> dict:
    """A subscription as the API showed it in a state."""
    reason, feedback, comment = state.cancellation
    pause = {"behavior": "void", "resumes_at": state.resumes_at} if state.paused else None
    discount = _discount(state.discount) if state.discount is not None else None
    row = {
        "id": sub.id,
        "object": "subscription",
        "customer": sub.customer,
        "status": state.status,
        "created": sub.states[0].at,
        "start_date": sub.start_date,
        "ended_at": state.ended_at,
        "canceled_at": state.canceled_at,
        "cancel_at": state.cancel_at,
        "cancel_at_period_end": state.cancel_at_period_end,
        "cancellation_details": {"reason": reason, "feedback": feedback, "comment": comment},
        "collection_method": sub.collection,
        "trial_start": state.trial_start,
        "trial_end": state.trial_end,
        "pause_collection": pause,
        "currency": sub.currency,
        "items": {
            "object": "list",
            "data": [_item(item, sub, state, new=new) for item in state.items],
        },
        "metadata": {},
    }
    if sub.start_date < sub.states[0].at:
        row["metadata"] = {"backdate_start_date": str(sub.start_date)}
    if new:
        row["discounts"] = [discount] if discount else []
    else:
        row["discount"] = discount
        row["current_period_start"] = state.period_start
        row["current_period_end"] = state.period_end
    return row


def _events(sub: Subscription, states: list[State]) -> Iterator[dict]:
    before: dict | None = None
    for number, state in enumerate(states):
        new = state.at >= NEW_SHAPE
        row = subscription_object(sub, state, new=new)
        data: dict = {"object": row}
        if before is not None and state.kind == "updated":
            changed = (key for key in row if key in before and row[key] != before[key])
            data["previous_attributes"] = {key: before[key] for key in changed}
        before = row
        yield {
            "id": "evt_" + token("evt", 20, number_of(sub.id), number),
            "object": "event",
            "type": f"customer.subscription.{state.kind}",
            "created": state.at,
            "api_version": NEW_VERSION if new else OLD_VERSION,
            "data": data,
        }


def _customers(book: Book, cut: int) -> Iterator[dict]:
    account = book.account
    for key, facts in book.customers.items():
        if facts["created"] >= cut:
            continue
        subs = [sub for sub in book.subs if sub.customer == key and sub.known(cut)]
        status = [sub.known(cut)[-1].status for sub in subs]
        mailbox = "billing" if facts["number"] == 0 else f"billing{facts['number'] + 1}"
        if not account.crm:
            mailbox = "".join(c for c in account.name.lower() if c.isalpha())
        yield {
            "id": key,
            "object": "customer",
            "email": f"{mailbox}@{account.mail_domain}",
            "name": account.name,
            "created": facts["created"],
            "currency": facts["currency"],
            "delinquent": any(s in ("past_due", "unpaid") for s in status),
            "deleted": False,
            "metadata": {"crm_account_id": account.id} if account.billing_key else {},
        }


def _status(invoice: Invoice, cut: int) -> str:
    for status, ts in (
        ("paid", invoice.paid_at),
        ("void", invoice.voided_at),
        ("uncollectible", invoice.uncollectible_at),
    ):
        if ts is not None and ts < cut:
            return status
    return "open"


def _known(ts: int | None, cut: int) -> int | None:
    return ts if ts is not None and ts < cut else None


def _invoice(invoice: Invoice, cut: int) -> dict:
    status = _status(invoice, cut)
    paid = invoice.total if status == "paid" else 0
    row = {
        "id": invoice.id,
        "object": "invoice",
        "customer": invoice.customer,
        "status": status,
        "billing_reason": invoice.reason,
        "created": invoice.created,
        "due_date": invoice.due,
        "status_transitions": {
            "finalized_at": invoice.created,
            "paid_at": _known(invoice.paid_at, cut),
            "voided_at": _known(invoice.voided_at, cut),
            "marked_uncollectible_at": _known(invoice.uncollectible_at, cut),
        },
        "currency": invoice.currency,
        "subtotal": invoice.subtotal,
        "tax": invoice.tax,
        "total": invoice.total,
        "amount_paid": max(0, paid),
        "amount_remaining": max(0, invoice.total) if status in ("open", "uncollectible") else 0,
        "attempt_count": sum(attempt.ts < cut for attempt in invoice.attempts),
        "period_start": invoice.start,
        "period_end": invoice.end,
    }
    if invoice.created < NEW_SHAPE:
        row["subscription"] = invoice.subscription
    elif invoice.subscription is not None:
        row["parent"] = {
            "type": "subscription_details",
            "subscription_details": {"subscription": invoice.subscription},
        }
    else:
        row["parent"] = None
    return row


def _line(invoice: Invoice, line: Line, number: int) -> dict:
    """An invoice line. Its id comes from the item, so it repeats across invoices."""
    key = line.item or invoice.id
    row = {
        "id": "il_" + token("il", 20, number_of(key), number),
        "object": "line_item",
        "invoice": invoice.id,
        "amount": line.amount,
        "currency": invoice.currency,
        "description": line.description,
        "period": {"start": line.start, "end": line.end},
        "quantity": line.quantity,
        "discount_amounts": (
            [{"amount": line.discount, "discount": line.discount_id}] if line.discount else []
        ),
    }
    if invoice.created < NEW_SHAPE:
        row["price"] = price_object(line.price) if line.price else None
        row["proration"] = line.proration
        row["subscription"] = invoice.subscription
        row["subscription_item"] = line.item
        row["type"] = "subscription" if line.item and not line.proration else "invoiceitem"
        return row
    if line.price:
        row["pricing"] = {
            "type": "price_details",
            "price_details": {"price": line.price.id, "product": line.price.product},
        }
    if line.item:
        details = {
            "subscription": invoice.subscription,
            "subscription_item": line.item,
            "proration": line.proration,
        }
        row["parent"] = {
            "type": "subscription_item_details",
            "subscription_item_details": details,
        }
    else:
        details = {"subscription": invoice.subscription, "proration": line.proration}
        row["parent"] = {"type": "invoice_item_details", "invoice_item_details": details}
    return row


def _charges(invoice: Invoice, account: int, seed: int, cut: int) -> Iterator[dict]:
    for number, attempt in enumerate(invoice.attempts):
        if attempt.ts >= cut:
            continue
        refunded = attempt.ok and invoice.refunded_at is not None and invoice.refunded_at < cut
        yield {
            "id": stripe("ch", seed, account, invoice.number, number),
            "object": "charge",
            "customer": invoice.customer,
            "invoice": invoice.id,
            "amount": invoice.total,
            "amount_refunded": invoice.refund if refunded else 0,
            "currency": invoice.currency,
            "created": attempt.ts,
            "status": "succeeded" if attempt.ok else "failed",
            "failure_code": attempt.failure,
            "refunded": bool(refunded and invoice.refund >= invoice.total),
        }


def rows(book: Book, cut: int, prices: dict[str, Price]) -> dict[str, list[str]]:
    """All lines of one account as known before a moment; the prices used are collected."""
    account = book.account
    out: dict[str, list[str]] = {name: [] for name in FILES}
    out["customers"] = [text(row) for row in _customers(book, cut)]
    for sub in book.subs:
        states = sub.known(cut)
        if not states:
            continue
        last = states[-1]
        new = last.at >= NEW_SHAPE
        out["subscriptions"].append(text(subscription_object(sub, last, new=new)))
        out["events"] += [text(row) for row in _events(sub, states)]
        for state in states:
            for item in state.items:
                prices[item.price.id] = item.price
    for invoice in book.invoices:
        if invoice.created >= cut:
            continue
        out["invoices"].append(text(_invoice(invoice, cut)))
        for number, line in enumerate(invoice.lines):
            out["invoice_line_items"].append(text(_line(invoice, line, number)))
            if line.price:
                prices[line.price.id] = line.price
        out["charges"] += [text(row) for row in _charges(invoice, account.index, book.seed, cut)]
    return out
