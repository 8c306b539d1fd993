"""Why a metric is another in one month than in an earlier one: steps that add up to the change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from dashboards.ask.explain import contributions, value_of
from dashboards.ask.query import describe, why_nothing
from dashboards.ask.question import (
    AskError,
    Filter,
    cut_of,
    definition,
    find_filters,
    find_metric,
    find_months,
    part_of,
)
from dashboards.cut import ACCOUNT_MONTHS, AMOUNTS, RETENTION, Part
from dashboards.published import Published, Row
from orchestration.metrics import Metric

SHOWN = 10
DIGITS = 10
STOCK = "closing_arr"
MOVEMENTS = tuple(column for column in AMOUNTS if column not in ("opening_arr", STOCK))
# Movements of an account's own ARR; what is left is a merge or the rates of exchange.
OWN = ("new_arr", "expansion_arr", "contraction_arr", "churn_arr", "reactivation_arr")
BETWEEN = "accounts that came into this cut or left it"
MERGED = "merges and exchange rates"
# Month, then account: what it adds above and below the line.
Sides = dict[str, Row]


def why_changed(
    published: Published,
    metric_name: str,
    from_month: str,
    to_month: str,
    where: Mapping[str, str | int] | None = None,
) -> dict[str, Any]:
    """Return the steps between two months, and the accounts that explain most of the change.

    Raises:
        AskError: The metric, value or month is not there, or its change cannot be explained.
    """
    metric = find_metric(published, metric_name)
    filters = find_filters(published, metric, where)
    months = [*_one(published, metric, from_month), *_one(published, metric, to_month)]
    first, last = months
    if first >= last:
        raise AskError(f"{first:%Y-%m} is not before {last:%Y-%m}: name the earlier month first.")
    was, now = (value_of(published, metric, filters, month) for month in months)
    told = definition(published, metric)
    answer: dict[str, Any] = {
        "metric": describe(told),
        "where": {each.dimension: each.value for each in filters},
        "from": {"month": f"{first:%Y-%m}", "value": was.get("value")},
        "to": {"month": f"{last:%Y-%m}", "value": now.get("value")},
        "months": months,
    }
    unknown = [
        f"{month:%Y-%m}: "
        + ((told["null_meaning"] if row else why_nothing(published, metric, month)) or "no value")
        for month, row in zip(months, (was, now), strict=True)
        if row.get("value") is None
    ]
    if unknown:
        return {**answer, "change": None, "steps": [], "reason": " ".join(unknown)}
    part = part_of(metric)
    if metric.column == STOCK and part:
        return {
            **answer,
            **_walk(published, part, filters, (first, last), now["value"] - was["value"]),
        }
    if part is None:
        return {**answer, **_sides(metric, was, now)}
    sides = [
        {row["account_id"]: row for row in contributions(published, part, filters, month)}
        for month in months
    ]
    if part.denominator is None:
        return {**answer, **_amount(*sides)}
    movements = (
        [_moved(published, rows, month) for rows, month in zip(sides, months, strict=True)]
        if (metric.table, metric.column) == (RETENTION, "nrr")
        else None
    )
    return {**answer, **_rate(part, sides, movements)}


def _one(published: Published, metric: Metric, month: str) -> list[date]:
    months = find_months(published, metric, month)
    if len(months) > 1:
        raise AskError(f"'{month}' has several months: name one, as 2025-06.")
    return months


def _walk(
    published: Published,
    part: Part,
    filters: Sequence[Filter],
    months: tuple[date, date],
    change: Decimal,
) -> dict[str, Any]:
    """The ARR bridge from the close of one month to the close of another."""
    cut, (first, last) = cut_of(filters).rows(), months
    moved = published.row(
        f"select {', '.join(f'coalesce(sum({column}), 0) as {column}' for column in MOVEMENTS)}"
        f" from {ACCOUNT_MONTHS} where {cut} and month > date '{first}' and month <= date '{last}'"
    )
    steps = [{"step": column, "effect": moved[column]} for column in MOVEMENTS if moved[column]]
    # Accounts count where they were when the month opened, so a cut's months need not join.
    rest = change - sum(moved.values())
    if rest:
        steps.append({"step": BETWEEN, "effect": rest})
    sides = [
        {row["account_id"]: row for row in contributions(published, part, tuple(filters), month)}
        for month in months
    ]
    return {"change": change, "steps": steps, "accounts": _amount(*sides)["accounts"]}


def _amount(was: Sides, now: Sides) -> dict[str, Any]:
    """The accounts that are in one month alone, and what those of both have changed."""
    effects = {
        account: _above(now, account) - _above(was, account) for account in was.keys() | now.keys()
    }
    groups = {
        "accounts that count in the later month alone": now.keys() - was.keys(),
        "accounts that count in the earlier month alone": was.keys() - now.keys(),
        "accounts that count in both": now.keys() & was.keys(),
    }
    return {
        "change": sum(effects.values()),
        "steps": [
            {"step": name, "accounts": len(group), "effect": sum(effects[each] for each in group)}
            for name, group in groups.items()
            if group
        ],
        "accounts": _largest(effects, was, now),
    }


def _rate(
    part: Part, sides: Sequence[Sides], movements: Sequence[Mapping[str, Mapping[str, Any]]] | None
) -> dict[str, Any]:
    """The effect of each account, or of each movement of its ARR, on a rate."""
    totals = [sum(Fraction(row["denominator"]) for row in rows.values()) for rows in sides]
    change = _fraction(sides[1], totals[1]) - _fraction(sides[0], totals[0])
    was, now = (
        {
            account: (
                Fraction(row["numerator"]) - (Fraction(row["denominator"]) if part.is_kept else 0)
            )
            / total
            for account, row in rows.items()
        }
        for rows, total in zip(sides, totals, strict=True)
    )
    by_account = {each: now.get(each, 0) - was.get(each, 0) for each in was.keys() | now.keys()}
    if movements is None:
        groups = {
            "accounts of the later month alone": now.keys() - was.keys(),
            "accounts of the earlier month alone": was.keys() - now.keys(),
            "accounts of both": now.keys() & was.keys(),
        }
        effects = {
            name: sum(by_account[each] for each in group) for name, group in groups.items() if group
        }
    else:
        effects = dict.fromkeys((*OWN, MERGED), Fraction(0))
        for sign, total, moved in zip((-1, 1), totals, movements, strict=True):
            for parts in moved.values():
                for name, amount in parts.items():
                    effects[name] += sign * Fraction(amount) / total
        effects = {name: effect for name, effect in effects.items() if effect}
    rounded_change, rounded = _rounded(change, effects)
    return {
        "change": rounded_change,
        "steps": [{"step": name, "effect": effect} for name, effect in rounded.items()],
        "accounts": [
            {
                **row,
                "effect": float(row["effect"]),
                "was": _both(sides[0], row["account_id"]),
                "is": _both(sides[1], row["account_id"]),
            }
            for row in _largest(by_account, *sides)
        ],
    }


def _moved(published: Published, rows: Sides, month: date) -> dict[str, dict[str, Any]]:
    """What the twelve months up to one did to the ARR of each account of its cohort."""
    found = {
        row["account_id"]: row
        for row in published.rows(
            f"select account_id, {', '.join(f'sum({column}) as {column}' for column in OWN)}"
            f" from {ACCOUNT_MONTHS} where month <= date '{month}'"
            f" and month > date '{month}' - interval 12 month group by account_id"
        )
    }
    moved = {}
    for account, row in rows.items():
        own = {name: found[account][name] if account in found else 0 for name in OWN}
        moved[account] = {
            **own,
            MERGED: row["numerator"] - row["denominator"] - sum(own.values()),
        }
    return moved


def _sides(metric: Metric, was: Row, now: Row) -> dict[str, Any]:
    """What the numerator and the denominator of a rate did, where no accounts are known."""
    known = [row[side] for row in (was, now) for side in ("numerator", "denominator")]
    if any(side is None for side in known) or not (was["denominator"] and now["denominator"]):
        raise AskError(
            f"{metric.table} does not tell what the change of {metric.name} is made of. "
            "list_metrics says of which metrics it is known."
        )
    above, below, above_now, below_now = (Fraction(side) for side in known)
    effects = {
        "the numerator": (above_now - above) / below_now,
        "the denominator": above / below_now - above / below,
    }
    change, rounded = _rounded(above_now / below_now - above / below, effects)
    return {
        "change": change,
        "steps": [{"step": name, "effect": effect} for name, effect in rounded.items()],
        "accounts": [],
    }


def _rounded(change: Fraction, effects: Mapping[str, Fraction]) -> tuple[float, dict[str, float]]:
    """Return change and effects as decimals that add up: the largest takes the last digit."""
    unit = 10**DIGITS
    whole = round(change * unit)
    parts = {name: round(effect * unit) for name, effect in effects.items()}
    if parts:
        largest = max(parts, key=lambda name: abs(parts[name]))
        parts[largest] += whole - sum(parts.values())
    return whole / unit, {name: part / unit for name, part in parts.items()}


def _fraction(rows: Sides, total: Fraction) -> Fraction:
    return sum((Fraction(row["numerator"]) for row in rows.values()), Fraction(0)) / total


def _both(rows: Sides, account: str) -> dict[str, Any] | None:
    """Return what an account has above and below the line; none if it is in neither."""
    row = rows.get(account)
    return row and {side: row[side] for side in ("numerator", "denominator")}


def _above(rows: Sides, account: str) -> Decimal | int:
    return rows[account]["numerator"] if account in rows else 0


def _largest(effects: Mapping[str, Any], was: Sides, now: Sides) -> list[dict[str, Any]]:
    """Return the accounts with the largest effects, and what they had above the line."""
    order = sorted(effects, key=lambda account: (-abs(effects[account]), account))
    return [
        {
            "account_id": account,
            "account_name": (now.get(account) or was[account])["account_name"],
            "was": _above(was, account) if account in was else None,
            "is": _above(now, account) if account in now else None,
            "effect": effects[account],
        }
        for account in order[:SHOWN]
        if effects[account]
    ]
