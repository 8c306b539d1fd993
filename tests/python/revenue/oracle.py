"""ARR, movements and retention by another route than the models.

Reads the Stripe export itself, asks of every subscription "what was the state at the end of this
day", and does the monthly arithmetic in pandas. Shares no code with the SQL or with the demo.
"""

import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pandas as pd

PER_YEAR = {"year": 1, "month": 12, "week": 52, "day": 365}
NO_MINOR_UNIT = {"JPY", "KRW", "CLP", "VND"}
BEARS_ARR = {"active", "past_due"}


@dataclass(frozen=True)
class Merge:
    """An account that went over to another on a day."""

    survivor: str
    on: date


def _day(seconds: int) -> date:
    return datetime.fromtimestamp(seconds, tz=UTC).date()


def _round(value: Decimal, digits: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)


def _major(amount: str | int, currency: str) -> Decimal:
    return Decimal(str(amount)) * (1 if currency.upper() in NO_MINOR_UNIT else Decimal("0.01"))


def read_states(export: Path, as_of: date) -> dict[str, list[tuple[date, dict]]]:
    """States of each subscription in the order in which they became known, with the day from
    which each holds."""
    changes = defaultdict(list)
    with (export / "events.jsonl").open() as lines:
        for number, line in enumerate(lines):
            event = json.loads(line)
            known_on = _day(event["created"])
            if known_on <= as_of and event["type"].startswith("customer.subscription."):
                state = event["data"]["object"]
                changes[state["id"]].append((event["created"], number, known_on, state))
    states = {}
    for subscription, found in changes.items():
        dated = []
        for position, (_, _, known_on, state) in enumerate(sorted(found, key=lambda c: c[:2])):
            holds_from = known_on
            if position == 0 and state.get("start_date"):
                holds_from = min(known_on, _day(state["start_date"]))
            elif state["status"] == "canceled" and state.get("ended_at"):
                holds_from = min(known_on, _day(state["ended_at"]))
            dated.append((holds_from, state))
        states[subscription] = dated
    return states


def state_on(states: list[tuple[date, dict]], day: date) -> dict | None:
    """What is now known to have held at the end of the day."""
    for holds_from, state in reversed(states):
        if holds_from <= day:
            return state
    return None


def arr_of_state(state: dict, day: date, rates: dict[str, Decimal]) -> Decimal:
    """ARR of all items of one subscription on one day, reporting currency."""
    if state["status"] not in BEARS_ARR or state.get("pause_collection"):
        return Decimal(0)
    discounts = state.get("discounts") or ([state["discount"]] if state.get("discount") else [])
    running = [
        d
        for d in discounts
        if d["coupon"]["duration"] != "once"
        and _day(d["start"]) <= day
        and (d.get("end") is None or day < _day(d["end"]))
    ]
    gross = {}
    for item in state["items"]["data"]:
        price = item["price"]
        recurring = price["recurring"]
        if recurring.get("usage_type") == "metered":
            continue
        currency = price["currency"].upper()
        amount = _major(price.get("unit_amount_decimal") or price["unit_amount"], currency)
        interval_amount = _round(_round(amount, 4) * Decimal(str(item["quantity"])), 4)
        per_year = PER_YEAR[recurring["interval"]]
        count = recurring.get("interval_count") or 1
        gross[item["id"]] = (interval_amount, per_year, count, currency)
    if not gross:
        return Decimal(0)
    largest = min(gross, key=lambda i: (-gross[i][0] * gross[i][1] / gross[i][2], i))
    total = Decimal(0)
    for item, (interval_amount, per_year, count, currency) in gross.items():
        net = interval_amount
        for discount in running:
            net *= 1 - Decimal(str(discount["coupon"].get("percent_off") or 0)) / 100
        net = _round(net, 4)
        if item == largest:
            for discount in running:
                if discount["coupon"].get("amount_off"):
                    net -= _major(discount["coupon"]["amount_off"], currency)
        local = _round(max(net, Decimal(0)) * per_year / count, 4)
        total += _round(local * rates[currency], 2)
    return total


def account_month_arr(
    export: Path,
    *,
    snapshots: dict[date, date],
    as_of: date,
    account_of: dict[str, str],
    merges: dict[str, Merge],
    rates: dict[str, Decimal],
) -> pd.DataFrame:
    """Columns account_id, month, arr (Decimal) and is_paused; rows with a line that day only."""
    found: dict[tuple[str, date], list] = defaultdict(lambda: [Decimal(0), False])
    for states in read_states(export, as_of).values():
        for month, day in snapshots.items():
            state = state_on(states, day)
            if state is None or state["status"] == "canceled":
                continue
            account = account_of.get(state["customer"], "unassigned")
            if account in merges and day >= merges[account].on:
                account = merges[account].survivor
            row = found[account, month]
            row[0] += arr_of_state(state, day, rates)
            row[1] |= bool(state.get("pause_collection"))
    rows = [(account, month, *values) for (account, month), values in found.items()]
    return pd.DataFrame(rows, columns=["account_id", "month", "arr", "is_paused"])


def movements(
    arr: pd.DataFrame, snapshots: dict[date, date], merges: dict[str, Merge]
) -> pd.DataFrame:
    """One row per account and month from its first ARR: opening, transfer, closing, movement."""
    months = sorted(snapshots)
    closing = arr.pivot(index="account_id", columns="month", values="arr")
    closing = closing.reindex(columns=months).fillna(Decimal(0))
    paused = arr.pivot(index="account_id", columns="month", values="is_paused")
    paused = paused.reindex(columns=months).eq(True)
    rows = []
    transfers: dict[tuple[str, date], Decimal] = defaultdict(Decimal)
    for account, merge in merges.items():
        after = [m for m in months if snapshots[m] >= merge.on]
        if account in closing.index and after and after[0] != months[0]:
            moved = closing.loc[account, months[months.index(after[0]) - 1]]
            transfers[account, after[0]] -= moved
            transfers[merge.survivor, after[0]] += moved
    for account in closing.index:
        ever, opening, was_paused = False, Decimal(0), False
        for month in months:
            close = closing.loc[account, month]
            transfer = transfers[account, month]
            if ever or close or transfer:
                base, is_paused = opening + transfer, bool(paused.loc[account, month])
                delta = close - base
                if not base and not close:
                    kind = "none"
                elif not base:
                    kind = "reactivation" if ever else "new"
                    if ever and was_paused:
                        kind = "expansion"
                elif not close:
                    kind = "contraction" if is_paused else "churn"
                elif delta:
                    kind = "expansion" if delta > 0 else "contraction"
                else:
                    kind = "unchanged"
                rows.append((account, month, opening, transfer, close, kind, delta))
                ever = True
            opening, was_paused = close, bool(paused.loc[account, month])
    columns = ["account_id", "month", "opening", "transfer", "closing", "movement", "delta"]
    return pd.DataFrame(rows, columns=columns)


def retention(arr: pd.DataFrame, snapshots: dict[date, date], merges: dict[str, Merge]):
    """NRR, GRR and logo retention of every month with a cohort twelve months before."""
    months = sorted(snapshots)
    closing = arr.pivot(index="account_id", columns="month", values="arr")
    closing = closing.reindex(columns=months).fillna(Decimal(0))
    rows = []
    for position, month in enumerate(months[12:], start=12):
        then = closing[months[position - 12]]
        then = then[then > 0]
        today = snapshots[month]
        survivor = [
            merges[a].survivor if a in merges and merges[a].on <= today else a for a in then.index
        ]
        then = then.groupby(survivor).sum()
        now = closing[month].reindex(then.index).fillna(Decimal(0))
        logos = then.index != "unassigned"
        rows.append(
            {
                "month": month,
                "opening_arr": sum(then),
                "retained_arr": sum(now),
                "retained_arr_capped": sum(map(min, then, now)),
                "opening_accounts": int(logos.sum()),
                "retained_accounts": int(((now > 0) & logos).sum()),
            }
        )
    return pd.DataFrame(rows)


def cohorts(signed: pd.DataFrame, snapshots: dict[date, date]) -> pd.DataFrame:
    """Accounts by the month of their first ARR and their age; `signed` knows of no merges."""
    months = sorted(snapshots)
    closing = signed.pivot(index="account_id", columns="month", values="arr")
    closing = closing.reindex(columns=months).fillna(Decimal(0))
    closing = closing[(closing > 0).any(axis=1)]
    starts = (closing > 0).idxmax(axis=1)
    rows = []
    for cohort_month, names in starts.groupby(starts).groups.items():
        members = closing.loc[names]
        first = members[cohort_month]
        logos = members.index != "unassigned"
        for age, month in enumerate(months[months.index(cohort_month) :]):
            now = members[month]
            rows.append(
                {
                    "cohort_month": cohort_month,
                    "age_months": age,
                    "cohort_accounts": int(logos.sum()),
                    "accounts": int(((now > 0) & logos).sum()),
                    "cohort_arr": sum(first),
                    "arr": sum(now),
                    "grr": float(sum(map(min, first, now))) / float(sum(first)),
                    "nrr": float(sum(now)) / float(sum(first)),
                }
            )
    return pd.DataFrame(rows)
