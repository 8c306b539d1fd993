"""A company of many books of contracts: built at once, judged book by book, failures shrunk."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path

from tests.python.cases.company import build
from tests.python.judge import files_life
from tests.python.judge.files_life import Book, Contract, Line, Version
from tests.python.judge.stripe_oracle import month_ends

TARGETS = ("fct_account_month", "mart_retention_monthly", "fct_data_gap")
TOLERANCE = Decimal("0.03")
RATE_TOLERANCE = Decimal("0.0001")


@dataclass(frozen=True)
class Finding:
    """What the warehouse says of a book, against what is true."""

    case: Book
    kind: str
    what: str
    is_told_of: bool

    def story(self) -> str:
        return "\n".join([f"{self.kind}: {self.what}", *files_life.story(self.case)])


class Company:
    """Books that were built together."""

    def __init__(self, cases: Sequence[Book]) -> None:
        self.cases = cases
        with tempfile.TemporaryDirectory() as place:
            exports = files_life.write(Path(place) / "exports", cases)
            built = build(Path(place) / "home", exports, targets=TARGETS)
            self.load_errors = dict(built.load_errors)
            self.arr: dict[str, dict[date, Decimal]] = {}
            self.movement: dict[str, dict[date, tuple[str, Decimal]]] = {}
            for account, month, opening, closing, movement in built.rows(
                "select account_id, month, opening_arr, closing_arr, movement"
                " from facts.fct_account_month"
            ):
                self.arr.setdefault(account, {})[month] = closing
                if movement not in ("none", "unchanged"):
                    change = (movement, closing - opening)
                    self.movement.setdefault(account, {})[month] = change
            self.rates = {
                month: rates
                for month, *rates in built.rows(
                    "select month, nrr, grr, logo_retention from marts.mart_retention_monthly"
                    " where segment_type = 'total'"
                )
            }
            self.named = [
                " ".join(str(part) for part in row if part is not None)
                for row in built.rows(
                    "select severity, gap, object_id, account_id, what_is_missing"
                    " from facts.fct_data_gap where severity <> 'info'"
                    " union all select severity, source_table, column_name, null, message"
                    " from raw_loads.messages where severity <> 'info'"
                    " union all select 'reject', source_file, column_name, null, reason || raw_text"
                    " from raw_files.rejects"
                )
            ]
            built.connection.close()

    def findings(self) -> list[Finding]:
        return [found for book in self.cases for found in self.judge(book)]

    def is_named(self, book: Book) -> bool:
        ours = (f"_{book.name}_", f"{book.account} ", f"{book.account},")
        return any(each in line for line in self.named for each in ours)

    def judge(self, book: Book) -> list[Finding]:
        told_of = self.is_named(book)
        have = self.arr.get(book.account, {})
        for day in month_ends():
            true = files_life.standing(book, day).arr
            found = have.get(day.replace(day=1), Decimal(0))
            if abs(true - found) > TOLERANCE:
                what = f"{book.account} at {day}: ARR {true} expected, {found} in the warehouse"
                return [Finding(book, "arr", what, told_of)]
        true_moves = files_life.movements(book)
        moves = self.movement.get(book.account, {})
        for month in sorted({**true_moves, **moves}):
            expected, move = true_moves.get(month), moves.get(month)
            if (expected and expected[0]) == (move and move[0]):
                continue
            if all(each is None or abs(each[1]) <= TOLERANCE for each in (expected, move)):
                continue
            what = f"{book.account} in {month:%Y-%m}: {expected} expected, {move} in the warehouse"
            return [Finding(book, "movement", what, told_of)]
        return []

    def rates_that_differ(self) -> list[str]:
        """NRR, GRR and logo retention of the whole company."""
        wrong = []
        for day in month_ends(date(2024, 1, 1)):
            true = files_life.retention(self.cases, day)
            have = self.rates.get(day.replace(day=1))
            if true is None:
                continue
            pairs = zip(true, have or (None, None, None), strict=True)
            if any(h is None or abs(t - Decimal(h)) > RATE_TOLERANCE for t, h in pairs):
                wrong.append(f"{day}: NRR, GRR, logos {true} expected, {have} in the warehouse")
        return wrong


def simpler(book: Book) -> Iterable[Book]:
    """Books that are a little smaller than this one."""
    contracts = book.contracts
    if book.currency != "USD":
        yield replace(book, currency="USD")
    for n, contract in enumerate(contracts):
        rest = (contracts[:n], contracts[n + 1 :])
        if len(contracts) > 1:
            yield replace(book, contracts=rest[0] + rest[1])
        for other in _simpler_contracts(contract):
            if other != contract:
                yield replace(book, contracts=(*rest[0], other, *rest[1]))


def _simpler_contracts(contract: Contract) -> Iterable[Contract]:
    yield replace(contract, pause=None)
    yield replace(contract, is_trial=False)
    yield replace(contract, auto_renew=None)
    yield replace(contract, has_ended_at=True)
    if not contract.renews and contract.starts not in (0, 700):
        yield replace(contract, starts=0)
    lines = contract.lines
    for n, line in enumerate(lines):
        if len(lines) > 1:
            yield replace(contract, lines=(*lines[:n], *lines[n + 1 :]))
        for other in _simpler_lines(line):
            yield replace(contract, lines=(*lines[:n], other, *lines[n + 1 :]))


def _simpler_lines(line: Line) -> Iterable[Line]:
    yield replace(line, interval="month", count=1)
    yield replace(line, starts=0)
    yield replace(line, lasts=None)
    for k, version in enumerate(line.versions):
        before, after = line.versions[:k], line.versions[k + 1 :]
        if before or after:
            yield replace(line, versions=before + after)
        for other in _simpler_versions(version):
            yield replace(line, versions=(*before, other, *after))


def _simpler_versions(version: Version) -> Iterable[Version]:
    yield replace(
        version, discount_percent=None, discount_amount=None, duration=None, discount_days=None
    )
    yield replace(version, quantity=Decimal(1))
    yield replace(version, days=min(version.days, 30))
    if version.discount_amount is None:
        yield replace(version, unit_amount=Decimal(100))


def size(book: Book) -> tuple:
    """What is smaller comes first."""
    lines = [line for contract in book.contracts for line in contract.lines]
    return (
        len(book.contracts),
        len(lines),
        sum(len(line.versions) for line in lines),
        len(repr(replace(book, name=""))),
    )
