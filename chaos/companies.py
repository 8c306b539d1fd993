"""Companies whose refreshes are disturbed: a delivery for each day, the same to every home."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Protocol

from chaos.running import Ended, csw

ROOT = Path(__file__).resolve().parents[1]
FIRST_DAY = date(2025, 3, 1)
ACCOUNTS, NEW_ACCOUNTS = 50, 5
FIRST_PRICE = 1000
# Each price that was ever delivered. The files have no dates, so who slept never saw some of them.
OF_SMALL_DAYS = {"fct_price": ("*",)}
OF_DAYS = {
    "fct_delivery": ("*",),
    "mart_deliveries": ("*",),
    "mart_data_quality": ("failing_since", "last_seen_good_at", "last_run_at"),
}


class Company(Protocol):
    """What a company delivers, and what its refresh is called by."""

    name: str
    # Published tables that say when and how often something was loaded: a run that was killed and
    # done again is in them, as it should be.
    of_runs: frozenset[str]
    # Columns of published tables that say when something was loaded or judged: a home that slept is
    # refreshed on other days than one that was not. "*": the whole table does.
    of_days: Mapping[str, Collection[str]]
    # SQL over a published file that is true where it holds figures of two days.
    mixture: str | None

    def deliver(self, home: Path, day: int) -> None:
        """Put what is new on a day where the home's next refresh finds it."""

    def refresh(self, home: Path, day: int) -> list[str]:
        """Arguments of the refresh of that day; without a day's own it is plain."""

    def settings(self, home: Path) -> dict[str, str]:
        """The environment of its commands."""


@dataclass
class SmallCompany:
    """Files, and a dbt project of five models: a refresh of seconds.

    Every account has the same price, another one each day, and there are more accounts each day.
    So whoever reads two prices, or a price with the accounts of another day, reads a mixture.
    """

    folder: Path
    name: str = "small"
    of_runs: frozenset[str] = frozenset()
    of_days: Mapping[str, Collection[str]] = field(default_factory=lambda: OF_SMALL_DAYS)
    mixture: str | None = (
        "select count(distinct closing_arr) <> 1"
        f" or count(*) <> {ACCOUNTS} + {NEW_ACCOUNTS} * (min(closing_arr) - {FIRST_PRICE})"
        " from marts.fct_account_month"
    )

    def deliver(self, home: Path, day: int) -> None:
        """Write the files of a day; all homes read the same."""
        write_files(self.folder, accounts_on(day), FIRST_PRICE + day)

    def refresh(self, home: Path, day: int) -> list[str]:
        """Name the folder once; then the refresh is plain."""
        return ["refresh", *([] if (home / "home.json").is_file() else ["--source", self.folder])]

    def settings(self, home: Path) -> dict[str, str]:
        """Build the project beside this file."""
        return {"CSW_HOME": str(home), "CSW_PROJECT": str(ROOT / "chaos" / "project")}


def accounts_on(day: int) -> int:
    """Return how many accounts the small company has on a day."""
    return ACCOUNTS + NEW_ACCOUNTS * day


def write_files(folder: Path, accounts: int, price: int) -> None:
    """Write accounts with one subscription and one item each, all of one price."""
    folder.mkdir(exist_ok=True)
    names = [f"a{number}" for number in range(accounts)]
    tables = {
        "accounts": ("account_id,account_name", [f"{a},Account {a}" for a in names]),
        "subscriptions": (
            "subscription_id,account_id,status,started_at",
            [f"{a},{a},active,2025-01-01T00:00:00Z" for a in names],
        ),
        "subscription_items": (
            "subscription_item_id,subscription_id,valid_from,quantity,unit_amount,billing_interval",
            [f"i_{a},{a},2025-01-01,1,{price},year" for a in names],
        ),
    }
    for table, (header, rows) in tables.items():
        (folder / f"{table}.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    mapping = "version: 1\ncompany: Small\nas_of: 2025-12-31\n"
    (folder / "mapping.yml").write_text(mapping, encoding="utf-8")


@dataclass
class DemoCompany:
    """The demo company with the real project: five systems, a day more with each delivery."""

    scale: float
    name: str = "demo"
    of_runs: frozenset[str] = frozenset({"fct_delivery", "mart_deliveries"})
    of_days: Mapping[str, Collection[str]] = field(default_factory=lambda: OF_DAYS)
    mixture: str | None = None

    def deliver(self, home: Path, day: int) -> None:
        """Generate the exports up to a day."""
        until = FIRST_DAY + timedelta(days=day)
        scale = [] if (home / "home.json").is_file() else ["--scale", self.scale]
        made: Ended = csw("demo", "--until", until, *scale, **self.settings(home))
        if made.code:
            raise RuntimeError(f"The demo company cannot be generated:\n{made.output}")

    def refresh(self, home: Path, day: int) -> list[str]:
        """Refresh plainly."""
        return ["refresh"]

    def settings(self, home: Path) -> dict[str, str]:
        """Build this project."""
        return {"CSW_HOME": str(home), "CSW_PROJECT": str(ROOT)}
