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
PARTS = ("new_arr", "expansion_arr", "contraction_arr", "churn_arr", "reactivation_arr")


@pytest.fixture(params=["company", "small"])
def each(request) -> Company:
    return request.getfixturevalue(request.param)


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


def test_line_movements_add_up_to_the_account_months(each):
    totals = defaultdict(Decimal)
    for row in each.truth("line_movement"):
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


def test_all_line_movements_occur(company):
    found = {row["subtype"] for row in company.truth("line_movement")}
    assert found == {
        "new",
        "seats",
        "price",
        "plan",
        "cross_sell",
        "discount",
        "discount_expiry",
        "pause",
        "resume",
        "churn",
        "reactivation",
        "transfer",
    }
