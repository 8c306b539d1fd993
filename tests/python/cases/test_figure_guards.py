"""A figure that jumps against its last publication is held; the days of a sound company are not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from orchestration.home import Home
from orchestration.last_publication import TABLES, load_last_publication
from orchestration.publish import Relation, publish

from .company import EMPTY, Built, build
from .files_company import write

GAP = "fct_figure_gap"
PUBLISHED = (*TABLES, "fct_account_month", GAP)
FIRST, NEXT = "2025-05-30", "2025-05-31"
CUSTOMERS = 40


@dataclass
class Company:
    """Forty customers since 2024, each of one yearly contract; change it, then refresh."""

    folder: Path
    prices: dict[str, float] = field(
        default_factory=lambda: {f"a{at:02}": 1000.0 + at for at in range(CUSTOMERS)}
    )
    items: dict[str, dict[str, str]] = field(default_factory=dict)
    status: str = "active"
    currency: str = "USD"
    rates: list[str] = field(default_factory=lambda: ["EUR,2023-01-01,1.25"])
    tickets: list[str] = field(default_factory=list)
    runs: int = 0
    variables: dict[str, Any] = field(default_factory=dict)

    def tables(self) -> Mapping[str, str]:
        """The files as exported today."""
        header = "subscription_item_id,subscription_id,valid_from,quantity,unit_amount"
        lines = [
            f"i_{name},s_{name},{self.items.get(name, {}).get('from', '2024-01-01')},1,{price},year"
            for name, price in self.prices.items()
        ]
        return {
            "accounts": "\n".join(
                ["account_id,account_name", *(f"{name},Name {name}" for name in self.prices)]
            ),
            "subscriptions": "\n".join(
                [
                    "subscription_id,account_id,status,started_at,ended_at,currency",
                    *(
                        f"s_{name},{name},{self.status},"
                        f"{self.items.get(name, {}).get('from', '2024-01-01')},"
                        f"{self.items.get(name, {}).get('to', '')},{self.currency}"
                        for name in self.prices
                    ),
                ]
            ),
            "subscription_items": "\n".join([f"{header},billing_interval", *lines]),
            "fx_rates": "\n".join(["currency,valid_from,rate_to_reporting", *self.rates]),
            "tickets": "\n".join(
                [
                    "ticket_id,account_id,created_at,status,solved_at",
                    *(f"t{at},a00,2025-05-01,{told}" for at, told in enumerate(self.tickets)),
                ]
            ),
        }

    def refresh(self, as_of: str, *, publish_it: bool = True) -> list[tuple[str, str, str]]:
        """Load, build, and publish unless held; return the findings: figure, change, severity."""
        self.runs += 1
        home = self.folder / "home"
        exports = write(self.folder / "exports", self.tables())
        arguments: dict[str, Any] = {"as_of": as_of, "deliveries": self.runs}
        arguments["variables"] = self.variables
        if self.runs > 1:
            load_last_publication(Home(home), date.fromisoformat(as_of))
        built = build(home, {"files": exports}, targets=PUBLISHED, **arguments)
        self.said = built.rows(
            f"select what_is_missing, remedy, row_count from facts.{GAP} order by object_id"
        )
        found = built.rows(
            f"select split_part(object_id, ' ', 1), gap, severity from facts.{GAP} order by all"
        )
        built.connection.close()
        if publish_it and not any(row[2] == "error" for row in found):
            self._publish(built, as_of)
        return found

    def _publish(self, built: Built, as_of: str) -> None:
        publish(
            built.home.warehouse,
            built.home.published,
            [Relation("facts", name) for name in (*TABLES, "fct_account_month")],
            run_id=f"2025070{self.runs}T000000Z_case",
            as_of=as_of,
            company="case",
            versions={},
            policy={"reporting_currency": self.variables.get("reporting_currency", "USD")},
        )


@pytest.fixture
def company(tmp_path: Path) -> Company:
    """A company whose figures of 30 May 2025 are published."""
    company = Company(tmp_path)
    assert company.refresh(FIRST) == [], "the first publication has nothing to compare with"
    return company


def half(company: Company) -> None:
    company.prices = dict(list(company.prices.items())[: CUSTOMERS // 2])


def times(factor: float, count: int = CUSTOMERS) -> Callable[[Company], None]:
    def change(company: Company) -> None:
        for name in list(company.prices)[:count]:
            company.prices[name] *= factor

    return change


def in_euro(company: Company) -> None:
    company.currency = "EUR"


def as_trials(company: Company) -> None:
    company.status = "trialing"


@pytest.mark.parametrize(
    ("fault", "figures"),
    [
        (half, {"arr", "customers"}),
        (times(2), {"arr"}),
        (times(100), {"arr"}),
        (times(100, count=1), {"arr"}),
        (in_euro, {"arr"}),
        (as_trials, {"arr", "customers"}),
    ],
    ids=["half", "doubled", "cents", "one", "currency", "status"],
)
def test_a_fault_of_the_source_is_held(
    company: Company, fault: Callable[[Company], None], figures: set[str]
) -> None:
    fault(company)
    found = company.refresh(NEXT)
    assert {row[0] for row in found if row[2] == "error"} >= figures, found


def test_what_is_held_names_figure_limit_and_the_accounts_that_explain_most(
    company: Company,
) -> None:
    for at, name in enumerate(company.prices):
        company.prices[name] += 600 - 100 * at if at < 6 else 0
    found = company.refresh(FIRST)
    assert found == [("arr", "figure_restated", "error")], found
    ((said, remedy, rows),) = company.said
    assert said == (
        "ARR of 2025-05-30 was published as 40780 and is now 42880: 5.1 %; the limit is 5.0."
    )
    assert rows == 6
    assert "Name a00 (1000 to 1600), Name a01 (1001 to 1501), Name a02" in remedy
    assert "Name a04 (1004 to 1204). " in remedy and "a05" not in remedy


def test_what_is_held_is_compared_until_it_is_published(company: Company) -> None:
    times(2)(company)
    held = company.refresh(NEXT)
    assert company.refresh("2025-06-01") == held
    times(0.5)(company)
    assert company.refresh("2025-06-02") == []


def test_sound_days_over_a_month_end_are_quiet(company: Company) -> None:
    """A customer comes, one goes, one pays more, one is entered late: each day one of them."""
    days = [f"2025-05-{day}" for day in (31,)] + [f"2025-06-0{day}" for day in range(1, 5)]
    for at, day in enumerate(days):
        company.prices[f"new{at}"] = 1500.0
        company.items[f"new{at}"] = {"from": days[max(at - 1, 0)]}
        company.items[f"a0{at}"] = {"to": day}
        company.prices[f"a1{at}"] *= 1.2
        assert company.refresh(day) == [], (day, company.said)


def test_what_moved_by_then_is_no_restatement_but_has_its_own_limit(company: Company) -> None:
    for name in list(company.prices)[:5]:
        company.items[name] = {"to": NEXT}
    found = company.refresh(NEXT, publish_it=False)
    assert found == [
        ("arr", "figure_moved", "error"),
        ("customers", "figure_moved", "error"),
    ]
    assert company.said[1][0].startswith(
        "Customers has moved from 40 on 2025-05-30 to 35 on 2025-05-31: 12.5 %; the limit is 10.0."
    )
    assert company.refresh("2025-07-01", publish_it=False) == [], "of a second month twice as much"


def test_a_history_that_is_another_shows_in_the_rates(tmp_path: Path) -> None:
    """Who left a year ago is said to have left before: ARR of today is right, the rates are not."""
    company = Company(tmp_path)
    for name in list(company.prices)[:3]:
        company.items[name] = {"to": "2025-02-01"}
    company.refresh(FIRST)
    for name in list(company.prices)[:3]:
        company.items[name] = {"to": "2024-04-15"}
    found = company.refresh(NEXT)
    assert found == [("grr", "figure_restated", "error"), ("nrr", "figure_restated", "error")]
    assert company.said[1][0] == (
        "NRR of 2025-04-01 was published as 92.6 % and is now 100.0 %: 7.4 points;"
        " the limit is 5.0."
    )


def test_a_small_company_is_told_and_not_held(tmp_path: Path) -> None:
    company = Company(tmp_path)
    company.prices = dict(list(company.prices.items())[:19])
    company.refresh(FIRST)
    times(2)(company)
    assert company.refresh(NEXT) == [("arr", "figure_restated", "warning")]


def test_other_policies_are_said_and_hold_nothing(company: Company) -> None:
    company.variables = {"reporting_currency": "EUR", "discount_policy": "gross"}
    times(2)(company)
    found = company.refresh(NEXT)
    assert ("arr", "figure_restated", "warning") in found
    assert all(row[2] == "warning" for row in found)
    (said,) = [text for text, _, _ in company.said if "not quite like" in text]
    assert "the reporting currency is another; the metric policies are others." in said


def test_an_as_of_date_that_goes_back_is_compared_on_its_own_day(company: Company) -> None:
    company.items["a00"] = {"to": FIRST}
    company.refresh(FIRST)
    quiet = [("publication", "publication_not_alike", "warning")]
    assert company.refresh("2025-05-20", publish_it=False) == quiet
    times(2)(company)
    found = company.refresh("2025-05-20")
    assert found == [("arr", "figure_restated", "error"), *quiet]
    assert company.said[1][0].endswith("The as-of date goes back from 2025-05-30.")


def test_the_plan_rates_of_a_new_year_are_no_restatement(tmp_path: Path) -> None:
    company = Company(tmp_path, currency="EUR")
    company.rates = ["EUR,2025-01-01,1.25", "EUR,2026-01-01,1.5"]
    company.refresh("2025-12-31")
    assert company.refresh("2026-01-01") == [], company.said


def test_files_that_cannot_be_read_are_said(company: Company) -> None:
    (file,) = company.folder.glob("home/published/parquet/*/dim_account.parquet")
    file.unlink()
    assert company.refresh(NEXT) == [("publication", "publication_not_alike", "warning")]
    assert "its files cannot be read: IO Error" in company.said[0][0]


def test_open_tickets_that_were_none_and_users_that_are_others_are_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same day, published and known now: 60 open tickets and 47, 100 active users and 79."""

    def users(count: int) -> None:
        days = f"(values (date '{FIRST}'), (date '{NEXT}')) as days (usage_date)"
        sql = f"select 'a00' as account_id, usage_date, {count} as active_users_28d from {days}"
        monkeypatch.setitem(EMPTY, "fct_account_usage_day", sql)

    company = Company(tmp_path, tickets=["open,"] * 60)
    users(100)
    company.refresh(FIRST)
    company.tickets[:11] = ["solved,2025-05-20"] * 11
    users(81)
    assert company.refresh(NEXT, publish_it=False) == []
    company.tickets[:13] = ["solved,2025-05-20"] * 13
    users(79)
    assert company.refresh(NEXT) == [
        ("active_users", "figure_restated", "error"),
        ("open_tickets", "figure_restated", "error"),
    ]
