"""The numbers look like a company: sizes, retention, and a hidden state that explains churn."""

from collections import defaultdict
from datetime import date

import pytest


def closing(company, month):
    return {
        row["account_id"]: float(row["closing_arr"])
        for row in company.truth("account_month")
        if row["month"] == month and row["closing_arr"]
    }


@pytest.mark.parametrize("year", [2024, 2025])
def test_retention_is_that_of_a_healthy_company(company, year):
    then, now = closing(company, date(year - 1, 12, 1)), closing(company, date(year, 12, 1))
    opening = sum(then.values())
    nrr = sum(now.get(account, 0) for account in then) / opening
    grr = sum(min(now.get(account, 0), arr) for account, arr in then.items()) / opening
    logos = sum(account in now for account in then) / len(then)
    assert 0.95 < nrr < 1.15
    assert 0.82 < grr < 0.95
    assert 0.80 < logos < 0.90


def test_size_of_the_company(company):
    last = closing(company, date(2025, 12, 1))
    assert 260 <= len(last) <= 330
    assert 2_000_000 < sum(last.values()) < 10_000_000
    assert max(last.values()) < 0.15 * sum(last.values())
    assert 2_000_000 <= company.summary.events <= 3_000_000
    assert company.summary.accounts == 400


def test_the_hidden_state_explains_churn_in_the_next_quarter(company):
    churned = defaultdict(list)
    for row in company.truth("account_month"):
        if row["movement"] == "churn":
            churned[row["account_id"]].append(row["month"])
    paying = {
        (row["account_id"], row["month"])
        for row in company.truth("account_month")
        if row["closing_arr"]
    }
    good, bad = [], []
    for row in company.truth("account_state"):
        key = (row["account_id"], row["month"])
        if key not in paying or row["month"] >= date(2025, 10, 1):
            continue
        index = row["month"].year * 12 + row["month"].month
        soon = any(0 < m.year * 12 + m.month - index <= 3 for m in churned[row["account_id"]])
        (bad if soon else good).append(row["latent_health"])
    pairs = sum((g > b) + 0.5 * (g == b) for b in bad for g in good[::7])
    assert 0.70 < pairs / (len(bad) * len(good[::7])) < 0.90
