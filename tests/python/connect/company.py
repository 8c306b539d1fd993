"""A small company as its systems export it, and what fetches and loads make of it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb

from orchestration.company import domains_of
from orchestration.connectors.contract import contract_of
from orchestration.connectors.engine import fetch
from orchestration.connectors.road import ApiRoad, FetchReport
from orchestration.loads import Landed, Landing, LoadError, LoadRequest, load
from orchestration.loads.landed import API
from orchestration.loads.spec import source_names, source_spec
from orchestration.progress import Recorder
from tests.python.cases.company import Built, run_models

LOADED = ("_dlt_load_id", "_source_file", "_source_line", "_gone_load_id")
SECRET = "env:CSW_TEST_SECRET"


@dataclass
class Fetched:
    """One vendor's data, fetched into a home's drop folder and loaded from there."""

    road: ApiRoad
    home: Path
    report: FetchReport | None = None
    loads: int = 0
    progress: Recorder = field(default_factory=Recorder)

    @property
    def folder(self) -> Path:
        """The drop folder."""
        return self.home / "api" / self.road.vendor

    def fetch(self, at: datetime) -> FetchReport:
        """Fetch what is new."""
        self.report = fetch(self.road, self.folder, self.progress, now=at)
        return self.report

    def load(self, as_of: date = date(2026, 1, 1)) -> Raw:
        """Load what was fetched; a load error is raised."""
        self.loads += 1
        vendor = self.road.vendor
        if vendor in source_names():
            return loaded(vendor, self.folder, self.home, self.loads, as_of, is_dated=True)
        landed = Landed.of(API, self.folder, vendor, columns=self.road.columns)
        beside = self.home / "deliveries"
        return loaded("files", beside, self.home, self.loads, as_of, **filling(vendor, landed))

    def files(self) -> list[str]:
        """All files of the drop folder, hidden ones too."""
        found = [path for path in self.folder.rglob("*") if path.is_file()]
        return sorted(path.relative_to(self.folder).as_posix() for path in found)


@dataclass(frozen=True)
class Raw:
    """The raw tables of one vendor in a warehouse."""

    vendor: str
    warehouse: Path

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask the warehouse."""
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def columns(self, table: str) -> set[str]:
        """The columns of a raw table, without the loader's."""
        rows = self.query(f'describe raw_{self.vendor}."{table}"')
        return {row[0] for row in rows} - set(LOADED)

    def rows(self, table: str, columns: list[str]) -> list[tuple[Any, ...]]:
        """The rows of a raw table in an order of their own."""
        names = ", ".join(f'"{name}"' for name in columns)
        found = self.query(f'select {names} from raw_{self.vendor}."{table}"')
        return sorted(found, key=repr)

    def said(self) -> list[tuple[str, str | None, str | None, str]]:
        """Warnings and errors of the newest load."""
        return self.query(
            "select severity, source_table, column_name, message from raw_loads.messages"
            " where severity <> 'info' and run_id = (select max(run_id) from raw_loads.messages)"
        )

    def rejects(self) -> list[tuple[Any, ...]]:
        """Rows that could not be read."""
        return self.query(f"select source_table, reason from raw_{self.vendor}.rejects")


def filling(system: str, landed: Landed) -> dict[str, Any]:
    """What a load is asked for where a system alone fills tables of files."""
    return {
        "landings": (Landing(system, landed),),
        "domains": frozenset(domains_of(system)),
        "folder_domains": frozenset(),
    }


def loaded(vendor: str, folder: Path, home: Path, number: int, as_of: date, **more: Any) -> Raw:
    """Load a folder into the warehouse of a home; `more` is of the request.

    Raises:
        LoadError: Something could not be loaded.
    """
    home.mkdir(parents=True, exist_ok=True)
    request = LoadRequest(
        source=vendor,
        folder=folder,
        warehouse=home / "warehouse.duckdb",
        run_id=f"run{number:03}",
        as_of=as_of,
        **more,
    )
    load(request)
    return Raw(vendor, request.warehouse)


def assert_same(fetched: Raw, exported: Raw, *, but: dict[str, set[str]] | None = None) -> None:
    """Every raw table holds the same rows, in the columns that the export has."""
    for table in source_spec(fetched.vendor).tables:
        columns = sorted(exported.columns(table) - (but or {}).get(table, set()))
        assert fetched.rows(table, columns) == exported.rows(table, columns), table


def road(vendor: str, url: str, secret: str, **more: Any) -> ApiRoad:
    """The road to a fake; all secrets are one environment variable."""
    os.environ["CSW_TEST_SECRET"] = secret
    credentials = dict.fromkeys(contract_of(vendor).credentials, SECRET)
    return ApiRoad(vendor, credentials, base_url=url, **more)


def with_models(made: Built, targets: tuple[str, ...]) -> Built:
    """A company with its models built on what was loaded since."""
    connection = duckdb.connect(str(made.home.warehouse))
    connection.execute("set threads = 1; set timezone = 'UTC'")
    built = Built(made.home, connection, {}, made.compiled)
    run_models(built, targets)
    return built


def at(text: str) -> datetime:
    """A moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# Days on which the tests fetch.
FIRST, SECOND, THIRD = at("2026-01-01"), at("2026-01-02"), at("2026-01-03")


__all__ = [
    "Fetched", "LoadError", "Raw", "assert_same", "at", "filling", "loaded", "road", "with_models",
]  # fmt: skip
