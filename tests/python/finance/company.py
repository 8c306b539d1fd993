"""A company of a few contracts, brought as files: loaded, built and published without Dagster."""

import csv
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb

from orchestration.definition import definition_version
from orchestration.home import FILES_SOURCES, Home, HomeConfig
from orchestration.ledger_checks import load_ledger
from orchestration.loads import LoadRequest, load, write_settings
from orchestration.publish import Relation, publish
from tests.python.parsed import run_dbt

SCHEMAS = ("facts", "marts")
BUILT = (
    "+mart_restatements",
    "+mart_retention_as_reported",
    "+mart_arr_bridge_as_reported",
    "+mart_retention_monthly",
    "+fct_arr_line",
    "+mart_arr_tie_out",
    "+mart_billings",
)

Row = Mapping[str, object]


@dataclass
class Company:
    """What its files say; change it, then `refresh` again."""

    home: Home
    accounts: list[Row] = field(default_factory=list)
    subscriptions: list[Row] = field(default_factory=list)
    items: list[Row] = field(default_factory=list)
    invoices: list[Row] = field(default_factory=list)
    invoice_lines: list[Row] = field(default_factory=list)
    fx_rates: list[Row] = field(default_factory=list)
    vars: dict[str, object] = field(default_factory=dict)
    runs: int = 0

    def sell(
        self,
        account: str,
        start: str,
        unit_amount: float,
        *,
        item: str | None = None,
        quantity: int = 1,
        interval: str = "year",
        currency: str = "USD",
        **more: object,
    ) -> None:
        """Add an account with one subscription of one item, or an item for an account."""
        if not any(row["account_id"] == account for row in self.accounts):
            self.accounts.append(
                {"account_id": account, "account_name": account, "created_at": "2023-01-01"}
            )
        key = item or f"{account}-1"
        self.subscriptions.append(
            {
                "subscription_id": f"sub-{key}",
                "account_id": account,
                "status": "active",
                "started_at": start,
                "currency": currency,
            }
        )
        self.items.append(
            {
                "subscription_item_id": f"item-{key}",
                "subscription_id": f"sub-{key}",
                "valid_from": start,
                "quantity": quantity,
                "unit_amount": unit_amount,
                "billing_interval": interval,
                **more,
            }
        )

    def change(self, rows: list[Row], key: str, value: object, **new: object) -> None:
        """Change the rows whose column has a value."""
        rows[:] = [{**row, **new} if row[key] == value else row for row in rows]

    def refresh(self, as_of: str, *, tests_pass: bool = True) -> str:
        """Load, build and publish; returns the run id."""
        self.runs += 1
        run_id = f"2026010{self.runs}T000000Z_test"
        home = self.home
        home.create()
        home.write(
            HomeConfig(company="test", source="files", sources=dict(FILES_SOURCES), vars=self.vars)
        )
        folder = home.path / f"drop_{self.runs}"
        self._write(folder)
        day = date.fromisoformat(as_of)
        load(LoadRequest("files", folder, home.warehouse, run_id, as_of=day))
        write_settings(home.warehouse, {"as_of_date": as_of, "run_id": run_id, "company": "test"})
        load_ledger(home, definition_version(home))
        kinds = ("--resource-type", "model", "--resource-type", "seed")
        run_dbt(home, "build", "--quiet", *kinds, "--select", *BUILT)
        state = {"succeeded": tests_pass, "run_id": run_id, "as_of": as_of}
        (home.path / "dbt" / "last_build.json").write_text(json.dumps(state))
        if tests_pass:
            publish(
                home.warehouse,
                home.published,
                self._relations(),
                run_id=run_id,
                as_of=as_of,
                company="test",
                versions={},
                policy={"fx_mode": "constant"},
                definition_version=definition_version(home),
            )
        return run_id

    def test(self, *selection: str) -> None:
        """Run dbt tests on what was built."""
        cautious = ("--indirect-selection", "cautious")
        run_dbt(self.home, "test", "--quiet", "--select", *selection, *cautious)

    def rows(self, sql: str) -> list[tuple]:
        """Ask the warehouse."""
        with duckdb.connect(self.home.warehouse, read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def _relations(self) -> list[Relation]:
        found = self.rows(
            "select schema_name, table_name from duckdb_tables() "
            f"where schema_name in {SCHEMAS} order by all"
        )
        return [Relation(schema, name) for schema, name in found]

    def _write(self, folder: Path) -> None:
        tables = {
            "accounts": self.accounts,
            "subscriptions": self.subscriptions,
            "subscription_items": self.items,
            "invoices": self.invoices,
            "invoice_lines": self.invoice_lines,
            "fx_rates": self.fx_rates,
        }
        folder.mkdir()
        for name, rows in tables.items():
            if rows:
                write_csv(folder / f"{name}.csv", rows)


def write_csv(file: Path, rows: Iterable[Row]) -> None:
    rows = list(rows)
    columns = list(dict.fromkeys(column for row in rows for column in row))
    with file.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, columns)
        writer.writeheader()
        writer.writerows(rows)
