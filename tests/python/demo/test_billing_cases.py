"""Every billing case of the metric definitions occurs in Stripe's export."""

from datetime import date, timedelta
from itertools import pairwise

import pytest

from tests.python.demo.exports import day


def items(row):
    return row["items"]["data"]


def discount(row):
    return row.get("discount") or next(iter(row.get("discounts") or []), None)


def changes(company):
    """Pairs of one state and the next of a subscription, both running."""
    for events in company.subscription_events().values():
        rows = [event["data"]["object"] for event in events]
        yield from pairwise(rows)


def test_seats_change_within_a_term(company):
    assert any(
        before["current_period_end"] == after["current_period_end"]
        and items(before)[0]["quantity"] != items(after)[0]["quantity"]
        and before["status"] == "active"
        for before, after in changes(company)
        if "current_period_end" in before and "current_period_end" in after
    )


def test_ramps_change_seats_and_price_at_anniversaries(company):
    for events in company.subscription_events().values():
        seats, prices = [], []
        for event in events:
            item = items(event["data"]["object"])[0]
            if item["price"]["recurring"]["interval"] == "year":
                seats.append(item["quantity"])
                prices.append(item["price"]["unit_amount"])
        if sorted(set(seats)) == [40, 55, 70] and len(set(prices)) == 2:
            return
    raise AssertionError("no ramp of three phases")


def test_prices_rise_on_the_same_plan(company):
    assert any(
        old["id"] == new["id"]
        and old["price"]["nickname"] == new["price"]["nickname"]
        and old["price"]["unit_amount"] < new["price"]["unit_amount"]
        for before, after in changes(company)
        for old, new in zip(items(before), items(after), strict=False)
        if old["price"]["unit_amount"] and new["price"]["unit_amount"]
    )


def test_plans_are_swapped_on_the_same_item_and_on_a_new_one(company):
    same, replaced = 0, 0
    for before, after in changes(company):
        old, new = items(before)[0], items(after)[0]
        if old["price"]["nickname"] != new["price"]["nickname"]:
            same += old["id"] == new["id"]
            replaced += old["id"] != new["id"]
    assert same
    assert replaced


def test_all_kinds_of_coupons(company):
    found = set()
    for event in company.stripe("events"):
        applied = discount(event["data"]["object"])
        if applied:
            coupon = applied["coupon"]
            kind = "percent" if coupon["percent_off"] is not None else "amount"
            found.add((coupon["duration"], kind))
            assert (applied["end"] is not None) == (coupon["duration"] == "repeating")
    assert {
        ("once", "percent"),
        ("repeating", "percent"),
        ("forever", "percent"),
        ("repeating", "amount"),
        ("forever", "amount"),
    } <= found


def test_a_coupon_ends_without_an_event(company):
    for events in company.subscription_events().values():
        for event in events:
            applied = discount(event["data"]["object"])
            if applied and applied["end"]:
                times = {day(other["created"]) for other in events}
                if day(applied["end"]) not in times and applied["end"] < events[-1]["created"]:
                    return
    raise AssertionError("every end of a coupon has an event on its day")


def test_both_shapes_of_the_api(company):
    rows = [event["data"]["object"] for event in company.stripe("events")]
    assert any(row.get("discount") for row in rows)
    assert any(row.get("discounts") for row in rows)
    assert any("current_period_end" in row for row in rows)
    assert any("current_period_end" in items(row)[0] for row in rows)
    assert any(row.get("subscription") for row in company.stripe("invoices"))
    assert any(row.get("parent") for row in company.stripe("invoices"))
    assert any(row.get("price") for row in company.stripe("invoice_line_items"))
    assert any(row.get("pricing") for row in company.stripe("invoice_line_items"))


def test_trials_that_convert_and_that_do_not(company):
    outcomes = set()
    for events in company.subscription_events().values():
        status = [event["data"]["object"]["status"] for event in events]
        if status[0] == "trialing":
            outcomes.add("paid" if "active" in status else status[-1])
    assert {"paid", "canceled"} <= outcomes


def test_a_trial_without_card_is_paused_and_resumed(company):
    kinds = {event["type"] for event in company.stripe("events")}
    assert kinds == {
        f"customer.subscription.{kind}"
        for kind in ("created", "updated", "deleted", "paused", "resumed")
    }


def test_pauses_and_resumes(company):
    paused = [
        [bool(event["data"]["object"]["pause_collection"]) for event in events]
        for events in company.subscription_events().values()
    ]
    assert any(True in states and not states[-1] for states in paused)
    assert any(
        row["pause_collection"] and row["pause_collection"]["resumes_at"]
        for _, row in changes(company)
    )
    assert any(row["status"] == "void" for row in company.stripe("invoices"))


def test_cancel_at_period_end_is_known_before_it_happens(company):
    rows = [row for row in company.stripe("subscriptions") if row["status"] == "canceled"]
    weeks = [(row["ended_at"] - row["canceled_at"]) / 604_800 for row in rows]
    assert max(weeks) > 4
    assert any(row["cancel_at_period_end"] for row in company.stripe("subscriptions"))
    assert any(
        before["cancel_at_period_end"] and not after["cancel_at_period_end"]
        for before, after in changes(company)
        if after["status"] == "active"
    )


def gaps(company):
    """Days between the end of a customer's subscription and the start of the next."""
    spans = {}
    for row in company.stripe("subscriptions"):
        spans.setdefault(row["customer"], []).append((row["start_date"], row["ended_at"]))
    for found in spans.values():
        found.sort()
        for (_, end), (start, _) in pairwise(found):
            if end is not None:
                yield (start - end) / 86_400


def test_reactivations_and_late_renewals(company):
    found = list(gaps(company))
    assert any(gap > 90 for gap in found)
    assert any(10 < gap <= 90 for gap in found)
    assert any(0 <= gap < 1 for gap in found)


def test_failed_payments(company):
    ways = set()
    for events in company.subscription_events().values():
        status = [event["data"]["object"]["status"] for event in events]
        for before, after in pairwise(status):
            if before == "past_due" and after != "past_due":
                ways.add(after)
    assert ways == {"active", "unpaid", "canceled"}
    reasons = {
        row["cancellation_details"]["reason"]
        for row in company.stripe("subscriptions")
        if row["status"] == "canceled"
    }
    assert reasons == {"payment_failed", "cancellation_requested"}
    charges = company.stripe("charges")
    assert {row["status"] for row in charges} == {"succeeded", "failed"}
    assert all((row["failure_code"] is None) == (row["status"] == "succeeded") for row in charges)


def test_a_first_payment_that_never_came(company):
    assert any(row["status"] == "incomplete_expired" for row in company.stripe("subscriptions"))


def test_short_subscriptions(company):
    same_day, same_month = 0, 0
    for row in company.stripe("subscriptions"):
        if row["ended_at"]:
            start, end = day(row["start_date"]), day(row["ended_at"])
            same_day += start == end
            same_month += start != end and start.replace(day=1) == end.replace(day=1)
    assert same_day
    assert same_month


def test_several_subscriptions_one_of_which_ends(company):
    by_customer = {}
    for row in company.stripe("subscriptions"):
        by_customer.setdefault(row["customer"], []).append(row)
    assert any(
        len(rows) == 2
        and {row["status"] for row in rows} == {"active", "canceled"}
        and min(r["ended_at"] or 0 for r in rows) == 0
        and max(r["ended_at"] or 0 for r in rows) - max(r["start_date"] for r in rows) > 86_400
        for rows in by_customer.values()
    )


def test_two_customers_of_one_account_in_two_currencies(company):
    accounts = {}
    for row in company.stripe("customers"):
        key = row["metadata"].get("crm_account_id")
        if key:
            accounts.setdefault(key, []).append(row["currency"])
    assert any(len(set(found)) == 2 for found in accounts.values())


def test_intervals_and_currencies(company):
    recurring = {
        (row["recurring"]["interval"], row["recurring"]["interval_count"])
        for row in company.stripe("prices")
        if row["recurring"]
    }
    assert recurring == {
        ("day", 1),
        ("week", 1),
        ("month", 1),
        ("month", 3),
        ("month", 6),
        ("year", 1),
        ("year", 2),
        ("year", 3),
    }
    paid = {row["currency"] for row in company.stripe("subscriptions")}
    assert paid == {"usd", "eur", "jpy"}


def test_metered_items_stand_beside_a_commitment(company):
    for row in company.stripe("subscriptions"):
        kinds = [item["price"]["recurring"]["usage_type"] for item in items(row)]
        connect = [item for item in items(row) if item["price"]["product"] == "prod_Connect"]
        if "metered" in kinds:
            assert len(connect) == 2
    assert any(
        item["price"]["unit_amount"] is None
        for row in company.stripe("subscriptions")
        for item in items(row)
    )


def test_backdated_starts_and_cancellations(company):
    starts, ends = [], []
    for events in company.subscription_events().values():
        first, last = events[0], events[-1]
        starts.append((day(first["data"]["object"]["start_date"]), day(first["created"])))
        if last["type"].endswith("deleted"):
            ends.append((day(last["data"]["object"]["ended_at"]), day(last["created"])))
    for pairs in (starts, ends):
        assert any(
            known - true > timedelta(days=14) and known.month != true.month for true, known in pairs
        )


def test_one_time_lines_credits_and_refunds(company):
    prices = {row["id"]: row for row in company.stripe("prices")}
    lines = company.stripe("invoice_line_items")
    keys = [
        (line.get("price") or {}).get("id")
        or (line.get("pricing") or {}).get("price_details", {}).get("price")
        for line in lines
    ]
    assert any(key and prices[key]["type"] == "one_time" for key in keys)
    assert any("credit" in line["description"].lower() for line in lines if line["amount"] < 0)
    assert any(line.get("proration") and line["amount"] < 0 for line in lines)
    assert any(row["tax"] for row in company.stripe("invoices"))
    assert any(row["amount_refunded"] for row in company.stripe("charges"))


def test_no_refund_is_above_what_was_paid(company):
    charges = company.stripe("charges")
    assert all(row["amount_refunded"] <= row["amount"] for row in charges)
    assert any(0 < row["amount_refunded"] < row["amount"] for row in charges)
    assert any(0 < row["amount_refunded"] == row["amount"] for row in charges)


def test_a_once_coupon_lowers_one_period_only(company):
    """Its invoice, and a credit for time of that period; nothing that is sold later."""
    periods = {}
    for line in company.stripe("invoice_line_items"):
        for off in line["discount_amounts"]:
            periods.setdefault(off["discount"], set()).add(line["period"]["start"])
    once = {
        discount(event["data"]["object"])["id"]
        for event in company.stripe("events")
        if discount(event["data"]["object"])
        and discount(event["data"]["object"])["coupon"]["duration"] == "once"
    }
    found = [periods[key] for key in once if key in periods]
    assert found
    assert all(len(starts) == 1 for starts in found)


def test_billing_periods_are_as_long_as_their_interval(company):
    """After a paused trial too: periods count from the day on which it begins to be paid."""
    for events in company.subscription_events().values():
        for event in events:
            row = event["data"]["object"]
            recurring = items(row)[0]["price"]["recurring"]
            if recurring["interval"] == "month" and row["status"] == "active":
                start, end = period(row)
                longest = 31 * recurring["interval_count"]
                assert (day(end) - day(start)).days <= longest, row["id"]


def period(row):
    holder = row if "current_period_end" in row else items(row)[0]
    return holder["current_period_start"], holder["current_period_end"]


def test_invoices_add_up(company):
    sums = {}
    for line in company.stripe("invoice_line_items"):
        off = sum(entry["amount"] for entry in line["discount_amounts"])
        sums[line["invoice"]] = sums.get(line["invoice"], 0) + line["amount"] - off
    invoices = company.stripe("invoices")
    assert len(sums) == len(invoices)
    for row in invoices:
        assert sums[row["id"]] == row["subtotal"]
        assert row["total"] == row["subtotal"] + row["tax"]


def test_line_ids_repeat_across_invoices(company):
    lines = company.stripe("invoice_line_items")
    assert len({line["id"] for line in lines}) < len(lines)


def test_periods_of_yearly_invoices(company):
    spans = [line["period"] for line in company.stripe("invoice_line_items")]
    days = {(day(span["end"]) - day(span["start"])).days for span in spans}
    assert {1, 7, 31, 365, 731} <= days


def test_mid_month_starts(company):
    days = {day(row["start_date"]).day for row in company.stripe("subscriptions")}
    assert len(days) > 20


@pytest.mark.parametrize("size", ["company", "small"])
def test_backdated_changes_after_the_last_quarter_was_closed(size, request):
    """A later close of a month must find something to restate, in a small company too."""
    late = [
        event
        for event in request.getfixturevalue(size).stripe("events")
        if day(event["data"]["object"]["ended_at"] or event["created"])
        < day(event["created"]) - timedelta(days=14)
        and event["type"].endswith("deleted")
    ]
    assert any(day(event["created"]) > date(2025, 10, 31) for event in late)
