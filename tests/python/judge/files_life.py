"""Random but legal contracts as `files` bring them, and what METRICS says of them.

A `Book` is one account with one to three contracts, or a family: contracts of the same products
that run side by side and are renewed early, in time or late, each by one of its own, several by
one, or one by several. Each contract has lines, each line versions that follow on each other; some
days see two changes, some versions hold on no day. What a contract may have: ends, a pause with
dates, a trial, terms, statuses in other systems' words, negative lines, discounts of each duration,
a successor that starts early, late or in time.

The oracle is the sentence of METRICS in Python: price times quantity, less the discount of that
day, per year, in `[valid_from, valid_to)`, 0 from the day the subscription ends, 0 while it is
paused or on trial; the account is never below 0. Of an early renewal only the new contract counts,
product by product, from its first paid day on, up to the end of the old one: the day on which it
ended, or is agreed to end by today, where it does not renew by itself and no price is signed for
later. The new one goes on after that. Of parallel contracts the one that ends first is renewed by
the one that begins first; who is left shares with the last one.

Left out, and why:

* a discount larger than its line, two discounts on one line: no order is defined;
* in families: pauses, trials and discounts; contracts alone have them;
* renewals more than half a year early: METRICS names no limit, `early_renewal_days` is one;
* a contract that goes on with a free line beside lines that ended: METRICS can be read both ways;
* an early renewal of a contract that only takes away, as all that it is paid for is free;
* a pause without dates: refused or held, a matter of the loader's tests.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from hypothesis import strategies as st

from tests.python.judge.stripe_oracle import CENT, Standing, month_ends

FIRST = date(2023, 1, 1)
AS_OF = date(2025, 6, 30)
PER_YEAR = {"day": 365, "week": 52, "month": 12, "quarter": 4, "year": 1}
RATES = {"USD": Decimal(1), "EUR": Decimal("1.1"), "JPY": Decimal("0.0067")}


@dataclass(frozen=True)
class Version:
    """A line from a day on; ``days`` after the version before it (0: the same day)."""

    days: int
    quantity: Decimal
    unit_amount: Decimal
    discount_percent: int | None = None
    discount_amount: Decimal | None = None
    duration: str | None = None
    discount_days: int | None = None


@dataclass(frozen=True)
class Line:
    product: str
    interval: str
    count: int
    starts: int  # days after the contract
    versions: tuple[Version, ...]
    lasts: int | None = None  # days of the last version, open when none


@dataclass(frozen=True)
class Contract:
    starts: int  # days after FIRST, or after the end of the contract before it when it renews
    lines: tuple[Line, ...]
    ends: int | None = None  # days after its start
    status: str = "active"
    has_ended_at: bool = True
    pause: tuple[int, int | None] | None = None
    is_trial: bool = False
    renews: bool = False
    auto_renew: bool | None = None


@dataclass(frozen=True)
class Book:
    name: str
    currency: str
    contracts: tuple[Contract, ...]

    @property
    def account(self) -> str:
        return f"F_{self.name}"

    def named(self, name: str) -> "Book":
        return replace(self, name=name)


@dataclass(frozen=True)
class Row:
    """A version with its days."""

    key: str
    line: Line
    version: Version
    start: date
    end: date | None


@dataclass(frozen=True)
class Placed:
    """A contract with its days."""

    key: str
    contract: Contract
    start: date
    end: date | None
    rows: tuple[Row, ...]

    @property
    def pause(self) -> tuple[date, date | None] | None:
        if self.contract.pause is None:
            return None
        after, days = self.contract.pause
        begin = self.start + timedelta(days=after)
        return begin, None if days is None else begin + timedelta(days=days)


def placed(book: Book) -> list[Placed]:
    """The contracts on the calendar."""
    found: list[Placed] = []
    for number, contract in enumerate(book.contracts):
        before = found[-1].end if found else None
        renews = contract.renews and before is not None
        start = (before if renews else FIRST) + timedelta(days=contract.starts)
        if not renews and contract.starts < 0:
            start = FIRST - timedelta(days=contract.starts)
        end = None if contract.ends is None else start + timedelta(days=contract.ends)
        rows = []
        for n, line in enumerate(contract.lines):
            day = start + timedelta(days=line.starts)
            starts = []
            for version in line.versions:
                day += timedelta(days=version.days)
                starts.append(day)
            for k, version in enumerate(line.versions):
                last = k == len(line.versions) - 1
                stop = None if last else starts[k + 1]
                if last and line.lasts is not None:
                    stop = starts[k] + timedelta(days=line.lasts)
                rows.append(Row(f"i_{book.name}_{number}_{n}", line, version, starts[k], stop))
        found.append(Placed(f"s_{book.name}_{number}", contract, start, end, tuple(rows)))
    return found


# -- oracle ----------------------------------------------------------------------------------------


def _yearly(row: Row, currency: str, day: date, *, with_discount: bool = True) -> Decimal:
    version = row.version
    amount = version.quantity * version.unit_amount
    ends = None
    if version.discount_days is not None:
        ends = row.start + timedelta(days=version.discount_days)
    lasts = version.duration != "once" and (ends is None or day < ends)
    if with_discount and lasts:
        if version.discount_percent is not None:
            amount = amount * (100 - version.discount_percent) / 100
        elif version.discount_amount is not None:
            amount -= version.discount_amount
    year = amount * PER_YEAR[row.line.interval] / row.line.count
    return (year * RATES[currency]).quantize(CENT, rounding=ROUND_HALF_UP)


def _is_over(contract: Placed, day: date) -> bool:
    return day < contract.start or (contract.end is not None and day >= contract.end)


def _is_paused(contract: Placed, day: date) -> bool:
    if contract.pause is None:
        return False
    begin, until = contract.pause
    return begin <= day and (until is None or day < until)


def standing(book: Book, day: date, *, is_net: bool = False) -> Standing:
    """An account at the end of a day; ``is_net``: even below 0."""
    contracts = placed(book)
    total, held = Decimal(0), False
    renewed = _renewed(contracts, book.currency)
    for contract in contracts:
        if _is_over(contract, day) or contract.contract.is_trial:
            continue
        live = [
            row
            for row in _live(contract, day)
            if day < renewed.get((contract.key, row.line.product), date.max)
        ]
        gross = sum(
            (_yearly(row, book.currency, day, with_discount=False) for row in live), Decimal(0)
        )
        if _is_paused(contract, day):
            # What is paused is no churn, whatever would be left of it.
            held = held or (bool(live) and _was_paid(contract, book.currency, day))
            continue
        total += sum((_yearly(row, book.currency, day) for row in live), Decimal(0))
        held = held or (gross > 0 and _was_paid(contract, book.currency, day))
    if not is_net:
        total = max(total, Decimal(0))
    return Standing(total, held and total == 0)


def _was_paid(contract: Placed, currency: str, day: date) -> bool:
    """Whether a contract has had ARR by a day: free time before its first paid day is a trial."""
    first = _first_paid(contract, currency)
    return first is not None and first <= day


def _first_paid(contract: Placed, currency: str, product: str | None = None) -> date | None:
    """The first day on which a contract, or what it has of a product, makes ARR."""
    if contract.contract.is_trial:
        return None
    turns = {row.start for row in contract.rows}
    turns |= {row.end for row in contract.rows if row.end}
    for row in contract.rows:
        if row.version.discount_days is not None:
            turns.add(row.start + timedelta(days=row.version.discount_days))
    if contract.pause and contract.pause[1]:
        turns.add(contract.pause[1])
    paid = [
        turn
        for turn in turns
        if not _is_over(contract, turn)
        and not _is_paused(contract, turn)
        and sum(
            _yearly(row, currency, turn)
            for row in _live(contract, turn)
            if product in (None, row.line.product)
        )
        > 0
    ]
    return min(paid, default=None)


def _live(contract: Placed, day: date) -> list[Row]:
    """The rows in force: of two that begin on one day the later one."""
    rows: dict[str, Row] = {}
    for row in contract.rows:
        if row.start <= day and (row.end is None or day < row.end):
            rows[row.key] = row
    return list(rows.values())


def _known_end(contract: Placed) -> date | None:
    """The end of a contract as of today: told, or agreed with a term that will not renew."""
    end, said = contract.end, contract.contract
    if end is None or end <= AS_OF or said.has_ended_at or said.status == "non_renewing":
        return end
    is_signed_on = any(
        row.start >= end or (row.end is not None and row.end > end)
        for row in contract.rows
        if row.start != row.end
    )
    return end if said.auto_renew is False and not is_signed_on else None


def _renewed(contracts: list[Placed], currency: str) -> dict[tuple[str, str], date]:
    """Contract and product → the day from which another contract counts for it."""
    found: dict[tuple[str, str], date] = {}
    for product in {row.line.product for each in contracts for row in each.rows}:
        paid = {each.key: _first_paid(each, currency, product) for each in contracts}
        known = [each for each in contracts if (paid[each.key] or date.max) <= AS_OF]
        could_renew: dict[str, list[Placed]] = {}
        for new in sorted(known, key=lambda each: (paid[each.key], each.key)):
            olds = [old for old in known if _may_renew(new, old, paid[new.key])]
            could_renew[new.key] = sorted(olds, key=lambda each: (_known_end(each), each.key))
        taken: dict[str, date] = {}
        for new_key, olds in could_renew.items():
            left = [old for old in olds if old.key not in taken]
            if left:
                taken[left[0].key] = paid[new_key]
        # Who is left shares with the last one that could have renewed it.
        for old in known:
            days = [paid[key] for key, olds in could_renew.items() if old in olds]
            if days and old.key not in taken:
                taken[old.key] = max(days)
        found |= {(key, product): day for key, day in taken.items()}
    return found


def _may_renew(new: Placed, old: Placed, begins: date) -> bool:
    ends, goes_on_until = _known_end(old), _known_end(new)
    return (
        ends is not None
        and old.start < new.start
        and ends - timedelta(days=180) <= begins <= ends
        and (goes_on_until is None or goes_on_until > ends)
    )


def movements(book: Book) -> dict[date, tuple[str, Decimal]]:
    """Month → class and change, by rules 1 to 5."""
    found: dict[date, tuple[str, Decimal]] = {}
    before, was_positive = Standing(Decimal(0), False), False
    for day in month_ends():
        now = standing(book, day)
        change, kind = now.arr - before.arr, None
        if not before.arr and now.arr:
            kind = "reactivation" if was_positive else "new"
            if was_positive and before.is_on_hold:
                kind = "expansion"
        elif before.arr and not now.arr:
            kind = "contraction" if now.is_on_hold else "churn"
        elif change:
            kind = "expansion" if change > 0 else "contraction"
        if kind:
            found[day.replace(day=1)] = (kind, change)
        was_positive = was_positive or now.arr > 0
        before = now
    return found


def retention(books: Iterable[Book], day: date) -> tuple[Decimal, Decimal, Decimal] | None:
    """NRR, GRR and logo retention at a month end: those who had ARR twelve months before."""
    earlier = date(day.year - 1, day.month, 28)
    earlier = next(
        end for end in month_ends() if (end.year, end.month) == (earlier.year, day.month)
    )
    opening = closing = capped = Decimal(0)
    members = kept = 0
    for book in books:
        then, now = standing(book, earlier).arr, standing(book, day).arr
        if then > 0:
            members += 1
            kept += now > 0
            opening, closing, capped = opening + then, closing + now, capped + min(then, now)
    if not opening:
        return None
    return closing / opening, capped / opening, Decimal(kept) / members


# -- export ----------------------------------------------------------------------------------------


def write(folder: Path, books: Iterable[Book]) -> dict[str, Path]:
    """Four files."""
    folder.mkdir(parents=True)
    accounts = ["account_id,account_name,segment,created_at"]
    subscriptions = [
        "subscription_id,account_id,status,started_at,current_term_start,current_term_end,ended_at,"
        "currency,auto_renew,is_trial,paused_from,paused_until"
    ]
    items = [
        "subscription_item_id,subscription_id,valid_from,valid_to,quantity,unit_amount,"
        "billing_interval,interval_count,product_id,discount_percent,discount_amount,"
        "discount_duration,discount_until"
    ]
    for book in books:
        accounts.append(f"{book.account},{book.account},SMB,2022-12-01T00:00:00Z")
        for each in placed(book):
            contract, pause = each.contract, each.pause or (None, None)
            term_start = each.start if each.end else None
            told_end = each.end if contract.has_ended_at else None
            values = [
                each.key,
                book.account,
                contract.status,
                f"{each.start}T00:00:00Z",
                term_start,
                each.end,
                f"{told_end}T00:00:00Z" if told_end else None,
                book.currency,
                contract.auto_renew,
                contract.is_trial,
                *pause,
            ]
            subscriptions.append(_line(values))
            for row in each.rows:
                version = row.version
                until = None
                if version.discount_days is not None:
                    until = row.start + timedelta(days=version.discount_days)
                items.append(
                    _line(
                        [
                            row.key,
                            each.key,
                            row.start,
                            row.end,
                            version.quantity,
                            version.unit_amount,
                            row.line.interval,
                            row.line.count,
                            row.line.product,
                            version.discount_percent,
                            version.discount_amount,
                            version.duration,
                            until,
                        ]
                    )
                )
    rates = ["currency,valid_from,rate_to_reporting"]
    rates += [f"{name},2020-01-01,{rate}" for name, rate in RATES.items() if name != "USD"]
    products = ["product_id,product_name", *(f"p{n},Product {n}" for n in range(3))]
    for name, lines in {
        "accounts": accounts,
        "subscriptions": subscriptions,
        "subscription_items": items,
        "fx_rates": rates,
        "products": products,
    }.items():
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return {"files": folder}


def _line(values: list) -> str:
    return ",".join("" if value is None else str(value) for value in values)


def story(book: Book) -> list[str]:
    """The contracts of a book in words."""
    lines = []
    for each in placed(book):
        contract = each.contract
        text = (
            f"{each.key} ({contract.status}) {each.start} to {each.end or 'open'} {book.currency}"
        )
        if not contract.has_ended_at and each.end:
            text += ", ended_at empty, current_term_end given"
        if contract.auto_renew is not None:
            text += f", auto_renew {contract.auto_renew}"
        if each.pause:
            text += f", paused {each.pause[0]} to {each.pause[1]}"
        if contract.is_trial:
            text += ", a trial"
        lines.append(text)
        for row in each.rows:
            version = row.version
            text = (
                f"  {row.key} {row.start} to {row.end or 'open'}: {version.quantity} of"
                f" {version.unit_amount} every {row.line.count} {row.line.interval},"
                f" {row.line.product}"
            )
            if version.duration:
                off = version.discount_amount
                text += f", {f'{version.discount_percent} %' if off is None else off} off"
                text += f" {version.duration} ({version.discount_days} days)"
            lines.append(text)
    return lines


# -- strategies ------------------------------------------------------------------------------------


@st.composite
def versions(draw, number: int) -> Version:
    days = draw(st.sampled_from((0, 1, 30, 45, 100, 200))) if number else 0
    common = {
        "days": days,
        "quantity": Decimal(draw(st.integers(1, 40))),
        "unit_amount": Decimal(draw(st.integers(100, 60_000))) / 100,
    }
    kind = draw(st.sampled_from(("none",) * 5 + ("percent", "percent", "amount", "full")))
    if kind == "none":
        return Version(**common)
    duration = draw(st.sampled_from(("once", "repeating", "forever")))
    lasts = draw(st.integers(10, 300)) if duration == "repeating" else None
    if kind == "amount":
        return Version(
            **common,
            discount_amount=common["unit_amount"] / 2,
            duration=duration,
            discount_days=lasts,
        )
    percent = 100 if kind == "full" else draw(st.sampled_from((10, 25, 50)))
    return Version(**common, discount_percent=percent, duration=duration, discount_days=lasts)


@st.composite
def lines(draw, product: str) -> Line:
    interval = draw(st.sampled_from(("month",) * 3 + ("year", "year", "quarter", "week", "day")))
    count = draw(st.sampled_from((1, 1, 1, 2, 3)))
    size = draw(st.sampled_from((1, 1, 2, 3, 4)))
    return Line(
        product=product,
        interval=interval,
        count=count,
        starts=draw(st.sampled_from((0, 0, 0, 20))),
        versions=tuple(draw(versions(n)) for n in range(size)),
        lasts=draw(st.sampled_from((None, None, None, 30, 200))),
    )


def _negative(line: Line, kind: str) -> Line:
    """A discount line or seats taken off, that takes a part of its brother."""
    first = line.versions[0]
    if kind == "price":
        less = replace(first, unit_amount=-(first.unit_amount / 4).quantize(CENT))
    else:
        less = replace(first, quantity=-max(Decimal(1), first.quantity // 4))
    less = replace(
        less, discount_percent=None, discount_amount=None, duration=None, discount_days=None
    )
    return replace(line, versions=(less,), lasts=None)


def _never_free(line: Line) -> Line:
    plain = {"discount_percent": None, "duration": None, "discount_days": None}
    versions = tuple(
        replace(each, **plain) if each.discount_percent == 100 else each for each in line.versions
    )
    return replace(line, versions=versions)


@st.composite
def contracts(draw, number: int) -> Contract:
    """The next contract: of a product of its own, or of that of the one before, which it renews."""
    renews = number > 0 and draw(st.booleans())
    of_contract = [draw(lines(f"p{number}"))]
    if renews:
        # Its line begins with it and goes on.
        of_contract = [replace(of_contract[0], starts=0, lasts=None)]
    elif draw(st.booleans()):
        of_contract.append(draw(lines(f"p{number + 3}")))
    if len(of_contract) > 1:
        of_contract = [_never_free(each) for each in of_contract]
    negative = draw(st.sampled_from((None,) * 5 + ("price", "quantity")))
    if negative:
        of_contract.append(_negative(of_contract[0], negative))
    ends = draw(st.sampled_from((None, 60, 365, 366, 731)))
    # Words of several systems for one that runs and one that is over.
    over = ("canceled", "cancelled", "expired", "Terminated")
    status = draw(st.sampled_from(("active", "active", "Active", "live", "non_renewing")))
    if status == "non_renewing" and ends is None:
        status = "active"
    pause = None
    if draw(st.sampled_from((False, False, False, True))):
        pause = (draw(st.integers(21, 200)), draw(st.sampled_from((None, 3, 40, 120))))
    contract = Contract(
        starts=draw(st.sampled_from((-40, -1, 0, 0, 1, 20, 80, 100)))
        if renews
        else draw(st.integers(0, 950)),
        lines=tuple(of_contract),
        ends=ends,
        status=status,
        pause=pause,
        is_trial=draw(st.sampled_from((False,) * 9 + (True,))),
        renews=renews,
        auto_renew=draw(st.sampled_from((None, None, True, False))),
    )
    if ends is not None and draw(st.booleans()):
        contract = replace(
            contract, status=draw(st.sampled_from(over)), has_ended_at=draw(st.booleans())
        )
    return contract


@st.composite
def families(draw, name: str) -> Book:
    """Contracts of one or two products, and what renews them."""

    def sold(product: str, starts: int = 0) -> Line:
        version = Version(0, Decimal(1), Decimal(draw(st.integers(100, 60_000))) / 100)
        return Line(product, draw(st.sampled_from(("month", "year"))), 1, starts, (version,))

    def agreed(starts: int, ends: int | None, lines: list[Line]) -> Contract:
        return Contract(
            starts=starts,
            lines=tuple(lines),
            ends=ends,
            has_ended_at=draw(st.booleans()),
            auto_renew=draw(st.sampled_from((None, True, False, False))),
        )

    products = draw(st.sampled_from((("p0",), ("p0",), ("p0", "p1"))))
    # Old ones end in the middle of the history, or soon after today.
    begins = draw(st.one_of(st.integers(0, 150), st.integers(500, 680)))
    found, ends = [], []
    for n in range(draw(st.sampled_from((1, 2)))):
        starts = begins + n * draw(st.sampled_from((0, 1, 14, 40)))
        ends.append(starts + draw(st.sampled_from((365, 366, 380))))
        found.append(agreed(starts, ends[-1] - starts, [sold(each) for each in products]))
    for _ in range(draw(st.sampled_from((1, 2, 2, 3)))):
        starts = draw(st.sampled_from(ends)) + draw(st.sampled_from((-60, -40, -15, -3, 0, 0, 5)))
        its = draw(st.sampled_from((products, products, products[:1], products[-1:])))
        lines = [sold(each, draw(st.sampled_from((0, 0, 0, 10, 50)))) for each in its]
        found.append(agreed(starts, draw(st.sampled_from((None, None, 30, 365, 731))), lines))
    return _agreeing(Book(name, "USD", tuple(found)))


@st.composite
def books(draw, name: str) -> Book:
    """An account and its contracts."""
    if draw(st.sampled_from((True, False, False))):
        return draw(families(name))
    book = Book(
        name=name,
        currency=draw(st.sampled_from(("USD", "USD", "USD", "EUR", "JPY"))),
        contracts=tuple(draw(contracts(n)) for n in range(draw(st.sampled_from((1, 1, 2, 2, 3))))),
    )
    return _positive(_agreeing(_renewing(book)))


def _renewing(book: Book) -> Book:
    """What is renewed has one product, and its renewal the same."""
    contracts = list(book.contracts)
    for n in range(1, len(contracts)):
        before, lines = contracts[n - 1], contracts[n].lines
        if contracts[n].renews and before.ends is None:
            contracts[n] = replace(contracts[n], renews=False, starts=abs(contracts[n].starts))
        elif contracts[n].renews:
            product = before.lines[0].product
            kept = [line for line in before.lines if line.product == product]
            kept = [replace(line, lasts=None) for line in kept]
            if len(kept) > 1:
                kept = [_never_free(line) for line in kept]
            contracts[n - 1] = replace(before, lines=tuple(kept))
            lines = tuple(replace(line, product=product) for line in lines)
            contracts[n] = replace(contracts[n], lines=lines)
    return replace(book, contracts=tuple(contracts))


def _agreeing(book: Book) -> Book:
    """The status of what is over says so, and of what runs does not."""
    fitting = []
    running = {"active", "Active", "live", "non_renewing"}
    for each in placed(book):
        is_ended = each.end is not None and each.end <= AS_OF
        status, has_ended_at = each.contract.status, each.contract.has_ended_at
        if is_ended and status in running:
            status = "canceled"
        if not is_ended and status not in running:
            status = "active"
        fitting.append(replace(each.contract, status=status, has_ended_at=has_ended_at))
    return replace(book, contracts=tuple(fitting))


def _positive(book: Book) -> Book:
    """Negative lines take a part of the others at every month end, else they are not there."""
    without = replace(
        book,
        contracts=tuple(
            replace(
                contract,
                lines=tuple(
                    line
                    for line in contract.lines
                    if min(v.quantity * v.unit_amount for v in line.versions) > 0
                ),
            )
            for contract in book.contracts
        ),
    )
    for day in month_ends():
        net = standing(book, day, is_net=True).arr
        if net < 0 or (net == 0) != (standing(without, day).arr == 0):
            return without
    return book
