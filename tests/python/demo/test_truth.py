"""The truth holds in itself, and equals what the exported files say."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from demo.truth import classify
from tests.python.demo.exports import Company
from tests.python.demo.oracle import closing_arr

ROOT = Path(__file__).resolve().parents[3]
UNTIL = date(2025, 12, 31)
SUBTYPES_OF_A_CLASS = ("new", "churn", "reactivation", "late_renewal", "transfer")
PARTS = ("new_arr", "expansion_arr", "contraction_arr", "churn_arr", "reactivation_arr")


@pytest.fixture(params=["company", "small"])
def each(request) -> Company:
    return request.getfixturevalue(request.param)


@pytest.mark.road("Salesforce", "files")
@pytest.mark.road("Stripe", "files")
def test_closing_arr_equals_the_exports(each):
    expected = closing_arr(each, ROOT, UNTIL)
    truth = {
        (row["account_id"], row["month"]): row["closing_arr"]
        for row in each.truth("account_month")
        if row["closing_arr"]
    }
    assert truth == expected


def test_movements_lead_from_opening_to_closing(each):
    before = {}
    for row in sorted(each.truth("account_month"), key=lambda r: (r["account_id"], r["month"])):
        moved = sum(row[part] for part in PARTS) + row["transfer_arr"]
        assert row["opening_arr"] + moved == row["closing_arr"]
        assert row["opening_arr"] == before.get(row["account_id"], 0)
        assert sum(row[part] != 0 for part in PARTS) <= 1
        before[row["account_id"]] = row["closing_arr"]


def test_every_account_has_all_months_since_its_first(each):
    months = defaultdict(list)
    for row in each.truth("account_month"):
        months[row["account_id"]].append(row["month"])
    for found in months.values():
        first, last = min(found), max(found)
        assert last == date(2025, 12, 1)
        expected = (last.year - first.year) * 12 + last.month - first.month + 1
        assert len(found) == len(set(found)) == expected


def test_transfers_net_to_zero(each):
    rows = each.truth("account_month")
    assert sum(row["transfer_arr"] for row in rows) == 0
    assert any(row["transfer_arr"] for row in rows)


def test_line_intervals_add_up_to_the_account_months(each):
    totals = defaultdict(Decimal)
    for row in each.truth("line_interval"):
        assert row["arr"] > 0
        assert row["valid_to"] is None or row["valid_from"] < row["valid_to"]
        if row["valid_to"] is None:
            totals[row["account_id"]] += row["arr"]
    closing = {
        row["account_id"]: row["closing_arr"]
        for row in each.truth("account_month")
        if row["month"] == date(2025, 12, 1) and row["closing_arr"]
    }
    assert totals == closing


@pytest.mark.parametrize("name", ["line_movement", "month_movement"])
def test_line_movements_add_up_to_the_account_months(each, name):
    totals = defaultdict(Decimal)
    for row in each.truth(name):
        totals[row["account_id"]] += row["arr_delta"]
    for row in each.truth("account_month"):
        if row["month"] == date(2025, 12, 1):
            assert totals[row["account_id"]] == row["closing_arr"]


@pytest.mark.parametrize(
    ("opening", "closing", "known", "movement"),
    [
        (0, 0, (True, False, False), "none"),
        (0, 5, (False, False, False), "new"),
        (0, 5, (False, True, False), "new"),
        (0, 5, (True, False, False), "reactivation"),
        (0, 5, (True, True, False), "expansion"),
        (5, 0, (True, False, False), "churn"),
        (5, 0, (True, False, True), "contraction"),
        (5, 5, (True, False, False), "unchanged"),
        (5, 7, (True, False, False), "expansion"),
        (5, 3, (True, False, False), "contraction"),
    ],
)
def test_movement_classes(opening, closing, known, movement):
    ever, before, now = known
    found = classify(opening, closing, ever=ever, paused_before=before, paused_now=now)
    assert found == movement


def test_all_movements_occur_in_a_small_company(small):
    found = {row["movement"] for row in small.truth("account_month")}
    assert found == {
        "new",
        "expansion",
        "contraction",
        "churn",
        "reactivation",
        "unchanged",
        "none",
    }


def test_month_movements_explain_the_class_of_their_account_month(each):
    sums = defaultdict(lambda: defaultdict(Decimal))
    for row in each.truth("month_movement"):
        kind = row["subtype"] if row["subtype"] in SUBTYPES_OF_A_CLASS else "change"
        sums[row["account_id"], row["month"]][kind] += row["arr_delta"]
    for row in each.truth("account_month"):
        found = dict(sums[row["account_id"], row["month"]])
        assert found.pop("transfer", 0) == row["transfer_arr"]
        returned = found.pop("reactivation", 0) + found.pop("late_renewal", 0)
        assert returned == row["reactivation_arr"]
        assert found.pop("new", 0) == row["new_arr"]
        assert found.pop("churn", 0) == row["churn_arr"]
        assert found.pop("change", 0) == row["expansion_arr"] + row["contraction_arr"]


def test_a_return_within_90_days_is_a_late_renewal(each):
    spans = defaultdict(list)
    for row in each.truth("line_interval"):
        spans[row["account_id"]].append((row["valid_from"], row["valid_to"]))
    found = set()
    for row in each.truth("month_movement"):
        if row["subtype"] in ("reactivation", "late_renewal"):
            mine = spans[row["account_id"]]
            start = min(a for a, _ in mine if a >= row["month"])
            end = max(b for _, b in mine if b is not None and b < row["month"])
            assert (row["subtype"] == "late_renewal") == ((start - end).days <= 90)
            found.add(row["subtype"])
    assert found == {"reactivation", "late_renewal"}


def test_what_resumes_before_it_ever_had_arr_is_new(company):
    """A trial that ran out without a card, and starts when the card comes."""
    paid = defaultdict(list)
    for row in company.truth("line_interval"):
        paid[row["subscription_item_id"]].append(row["valid_from"])
    checked = 0
    for event in company.stripe("events"):
        if event["type"].endswith("resumed"):
            items = {item["id"] for item in event["data"]["object"]["items"]["data"]}
            kinds = {
                row["subtype"]
                for row in company.truth("line_movement")
                if row["subscription_item_id"] in items
                and row["effective_on"] == min(paid[row["subscription_item_id"]])
            }
            assert kinds == {"new"}
            checked += 1
    assert checked


def test_seats_price_and_discount_of_one_day_are_told_apart(company):
    """More than one cause on a day, each with its own amount."""
    causes = defaultdict(set)
    for row in company.truth("month_movement"):
        key = (row["subscription_item_id"], row["effective_on"])
        causes[key].add(row["subtype"])
    pairs = {tuple(sorted(found)) for found in causes.values() if len(found) > 1}
    assert any({"seats", "price"} <= set(pair) for pair in pairs)


def test_all_line_movements_occur(company):
    for name in ("line_movement", "month_movement"):
        found = {row["subtype"] for row in company.truth(name)}
        assert found == {
            *SUBTYPES_OF_A_CLASS,
            "seats",
            "price",
            "plan",
            "cross_sell",
            "discount",
            "discount_expiry",
            "pause",
            "resume",
        }
