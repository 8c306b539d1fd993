"""ARR per account and month from the exported files alone.

It walks every day of every subscription and asks what was true at its end: another way than the
intervals of the truth, written apart from both the demo and the SQL models.
"""

import csv
from collections import defaultdict
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from tests.python.demo.exports import Company, day

FREE_MAIL = {"gmail.com", "outlook.com", "yahoo.com", "icloud.com"}
PER_YEAR = {"year": 1, "month": 12, "week": 52, "day": 365}
MINOR = {"usd": 100, "eur": 100, "jpy": 1}


def rounded(value: Decimal, places: str) -> Decimal:
    return value.quantize(Decimal(places), rounding=ROUND_HALF_UP)


def plan_rates(root: Path, year: int) -> dict[str, Decimal]:
    rates = {}
    with (root / "seeds" / "fx_rates.csv").open() as file:
        for row in csv.DictReader(file):
            currency = row["currency"].lower()
            if currency not in rates or row["valid_from"] <= f"{year}-01-01":
                rates[currency] = Decimal(row["rate_to_reporting"])
    return rates


def month_ends(until: date) -> list[date]:
    ends, first = [], date(2023, 1, 1)
    while first <= until:
        following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
        ends.append(min(following - timedelta(days=1), until))
        first = following
    return ends


def discount_of(row: dict) -> dict | None:
    if row.get("discount"):
        return row["discount"]
    return row["discounts"][0] if row.get("discounts") else None


def lines_on(row: dict, when: date, rates: dict[str, Decimal]) -> dict[str, Decimal]:
    """ARR per item of a subscription object on a day, if it is running."""
    if row["status"] not in ("active", "past_due") or row["pause_collection"]:
        return {}
    licensed = [
        item
        for item in row["items"]["data"]
        if item["price"]["recurring"]["usage_type"] == "licensed"
    ]
    gross = {}
    for item in licensed:
        price = item["price"]
        unit = rounded(Decimal(price["unit_amount"]) / MINOR[price["currency"]], "0.0001")
        gross[item["id"]] = rounded(unit * item["quantity"], "0.0001")
    discount = discount_of(row)
    if discount is not None:
        begun = day(discount["start"]) <= when
        over = discount["end"] is not None and day(discount["end"]) <= when
        if not begun or over or discount["coupon"]["duration"] == "once":
            discount = None
    largest = min(licensed, key=lambda item: (-gross[item["id"]], item["id"]), default=None)
    result = {}
    for item in licensed:
        price, net = item["price"], gross[item["id"]]
        if discount is not None:
            coupon = discount["coupon"]
            if coupon["percent_off"] is not None:
                net = rounded(net * (100 - Decimal(str(coupon["percent_off"]))) / 100, "0.0001")
            elif item is largest:
                net -= Decimal(coupon["amount_off"]) / MINOR[price["currency"]]
            net = max(net, Decimal(0))
        recurring = price["recurring"]
        local = net * PER_YEAR[recurring["interval"]] / recurring["interval_count"]
        local = rounded(local, "0.0001")
        result[item["id"]] = rounded(local * rates[price["currency"]], "0.01")
    return result


def accounts_of(company: Company) -> tuple[dict[str, str], dict[str, tuple[str, date]]]:
    """Account of each customer, and for merged accounts the survivor and since when."""
    rows = company.salesforce("Account")
    merged, alive, sites = {}, set(), defaultdict(set)
    since = {
        row["AccountId"]: date.fromisoformat(row["CreatedDate"][:10])
        for row in company.salesforce("AccountHistory")
        if row["Field"] == "MasterRecordId"
    }
    for row in rows:
        if row["MasterRecordId"]:
            merged[row["Id"]] = (row["MasterRecordId"], since[row["Id"]])
        else:
            alive.add(row["Id"])
        if row["IsDeleted"] != "true":
            sites[row["Website"].removeprefix("https://www.")].add(row["Id"])
    result = {}
    for customer in company.stripe("customers"):
        key = customer["metadata"].get("crm_account_id")
        domain = customer["email"].split("@")[1]
        if key is None and domain not in FREE_MAIL and len(sites[domain]) == 1:
            key = next(iter(sites[domain]))
        known = key in alive or key in merged
        result[customer["id"]] = key if known else "unassigned"
    return result, merged


def closing_arr(company: Company, root: Path, until: date) -> dict[tuple[str, date], Decimal]:
    """ARR per account and month end, where it is not zero."""
    rates = plan_rates(root, until.year)
    customers, merged = accounts_of(company)
    result: dict[tuple[str, date], Decimal] = defaultdict(Decimal)
    for events in company.subscription_events().values():
        last = events[-1]["data"]["object"]
        over = day(last["ended_at"]) if events[-1]["type"].endswith("deleted") else None
        changes = [(day(event["created"]), event["data"]["object"]) for event in events]
        changes[0] = (day(changes[0][1]["start_date"]), changes[0][1])
        account = customers[last["customer"]]
        survivor, moved = merged.get(account, (account, date.max))
        for end in month_ends(until):
            now = [row for since, row in changes if since <= end]
            if not now or (over is not None and over <= end):
                continue
            total = sum(lines_on(now[-1], end, rates).values(), Decimal(0))
            if total:
                key = (account if end < moved else survivor, end.replace(day=1))
                result[key] += total
    return dict(result)
