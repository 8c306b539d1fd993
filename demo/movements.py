"""Movements of single lines by date and subtype, from the same line histories as the truth."""

from collections import defaultdict
from dataclasses import dataclass

import pyarrow as pa

from demo import truth
from demo.arr import Level, LineHistory
from demo.billing import Item
from demo.clock import DAY, day_date


@dataclass(slots=True)
class Step:
    """A line changes on a day."""

    day: int
    line: LineHistory
    before: Level | None
    after: Level


def _steps(fact: truth.AccountFacts) -> list[Step]:
    steps = []
    for line in fact.lines:
        before: Level | None = None
        for number, level in enumerate(line.levels):
            follows = number + 1 < len(line.levels) and line.levels[number + 1].day == level.day
            if follows:
                continue
            if before is None or (before.cents, before.tag) != (level.cents, level.tag):
                steps.append(Step(level.day, line, before, level))
            before = level
    steps.sort(key=lambda step: (step.day, step.line.item))
    return steps


def _parts(before: Level, after: Level) -> list[tuple[str, int]]:
    """Split a change of a running line: seats at the old price, then price or plan."""
    old, new = before.item, after.item
    total = after.cents - before.cents
    undiscounted = before.discount is None and after.discount is None
    parts: list[tuple[str, int]] = []
    same = before.discount == after.discount
    if old.quantity != new.quantity and old.price.id != new.price.id:
        seats = round(before.cents * (new.quantity - old.quantity) / old.quantity)
        parts.append(("seats", seats))
        parts.append((_price_or_plan(old, new), total - seats))
        return parts
    if old.quantity != new.quantity:
        parts.append(("seats", total))
    elif old.price.id != new.price.id:
        parts.append((_price_or_plan(old, new), total))
    elif undiscounted or same:
        # A fixed-amount discount moved to or from another item.
        parts.append(("discount", total))
    else:
        ended = (
            after.discount is None
            and before.discount.end is not None
            and before.discount.end // DAY == after.day
        )
        parts.append(("discount_expiry" if ended else "discount", total))
    return parts


def _price_or_plan(old: Item, new: Item) -> str:
    same = (old.price.nickname, old.price.interval, old.price.interval_count) == (
        new.price.nickname,
        new.price.interval,
        new.price.interval_count,
    )
    return "price" if same else "plan"


def _of_account(fact: truth.AccountFacts) -> list[tuple[int, str, str, int]]:
    """(day, item, subtype, cents) of one account's lines."""
    result = []
    arr: dict[str, int] = {}
    products: dict[str, str] = {}
    ever = False
    steps = _steps(fact)
    by_day: dict[int, list[Step]] = defaultdict(list)
    for step in steps:
        by_day[step.day].append(step)
    for day, group in sorted(by_day.items()):
        opening = sum(arr.values())
        owned = {products[item] for item, cents in arr.items() if cents}
        after = dict(arr)
        for step in group:
            after[step.line.item] = step.after.cents
            products[step.line.item] = step.line.product
        closing = sum(after.values())
        for step in group:
            was = step.before.cents if step.before else 0
            delta = step.after.cents - was
            if delta == 0:
                continue
            if was and step.after.cents:
                found = _parts(step.before, step.after)
            else:
                subtype = _started(step, opening, closing, owned, group, ever=ever)
                found = [(subtype, delta)]
            result += [(day, step.line.item, kind, cents) for kind, cents in found if cents]
        arr = after
        ever = ever or closing > 0
    return result


def _started(
    step: Step, opening: int, closing: int, owned: set[str], group: list[Step], *, ever: bool
) -> str:
    """The subtype of a line that starts to have ARR, or stops."""
    if not step.after.cents:
        return _stopped(step, closing, group)
    if step.before is not None and step.before.tag == "paused":
        return "resume"
    if opening == 0:
        return "reactivation" if ever else "new"
    if any(o.after.cents == 0 and o.line.product == step.line.product for o in group):
        return "plan"
    return "seats" if step.line.product in owned else "cross_sell"


def _stopped(step: Step, closing: int, group: list[Step]) -> str:
    """The subtype of a line that stops having ARR."""
    if step.after.tag == "paused":
        return "pause"
    if closing == 0:
        return "churn"
    swapped = any(
        other.after.cents
        and not (other.before and other.before.cents)
        and other.line.product == step.line.product
        for other in group
    )
    return "plan" if swapped else "cross_sell"


def line_movements(facts: list[truth.AccountFacts], owner_of: dict[int, truth.Owner]) -> pa.Table:
    """All line movements, transfers included."""
    rows: dict[str, list] = defaultdict(list)

    def add(account: str, item: str, day: int, subtype: str, cents: int) -> None:
        rows["account_id"].append(account)
        rows["subscription_item_id"].append(item)
        rows["effective_on"].append(day_date(day))
        rows["subtype"].append(subtype)
        rows["arr_delta"].append(cents)

    for fact in facts:
        owner = owner_of[fact.account.index]
        for day, item, subtype, cents in _of_account(fact):
            moved = owner.second is not None and day >= owner.day
            add(owner.second if moved else owner.first, item, day, subtype, cents)
        if owner.second is not None:
            for line in fact.lines:
                for span in truth.intervals(line, owner):
                    if span.account == owner.second and span.start == owner.day:
                        cents = _worth(line, owner.day - 1)
                        if cents:
                            add(owner.first, line.item, owner.day, "transfer", -cents)
                            add(owner.second, line.item, owner.day, "transfer", cents)
    return truth.table(
        rows,
        {
            "account_id": pa.string(),
            "subscription_item_id": pa.string(),
            "effective_on": pa.date32(),
            "subtype": pa.string(),
            "arr_delta": truth.MONEY,
        },
    )


def _worth(line: LineHistory, day: int) -> int:
    """ARR of a line at the end of a day."""
    cents = 0
    for level in line.levels:
        if level.day <= day:
            cents = level.cents
    return cents
