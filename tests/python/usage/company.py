"""A small company whose raw tables are written by hand, load by load, and built with dbt.

The events contain what is hard to count day by day: late and forgotten deliveries, repeats on other
days, a clock that is ahead, events without user or account.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import yaml

from orchestration.home import FILES_SOURCES, Home, HomeConfig
from orchestration.loads.warehouse import DELIVERY_COLUMNS, ensure_table
from orchestration.project import project_root
from tests.python.parsed import run_dbt

FIRST_DAY = date(2025, 1, 1)
DAYS = 75
FACTS = ("fct_account_usage_day", "fct_user_activity_day")
KNOWN_USAGE = "int_health_usage_day"
FEATURE_WEEKS = "fct_account_feature_week"
ADOPTION = "mart_feature_adoption"
BUILT = (*FACTS, FEATURE_WEEKS, KNOWN_USAGE, ADOPTION)
EVENTS = {
    "session_started": 0.35,
    "record_updated": 0.3,
    "report_viewed": 0.15,
    "comment_added": 0.1,
    "insight_viewed": 0.06,
    "policy_changed": 0.04,
}
ACCOUNTS = ("A", "B", "C")
# g2 belongs to A and, once it is mapped, g3 too; g4 is a prospect nobody knows.
GROUPS = {"g1": "B", "g2": "A", "g3": None, "g5": "C"}
# Users who are champions of their group's account. Nobody ever saw u99.
CHAMPIONS = {"u1": "g5", "u99": "g5", "u2": "g1"}
# The groups of users, each from a day on (none: always): what an event without a group counts for.
# That of u3 becomes known on day LATE_USER, long after its events; u4 changes on day 50 and tells
# so on day MOVED_USER.
LATE_USER, MOVED_USER = 46, 58
MEMBERS = {user: [(group, None)] for user, group in CHAMPIONS.items()} | {
    "u3": [("g2", None)],
    "u4": [("g1", None), ("g2", FIRST_DAY + timedelta(days=50))],
}


def timestamps(days: np.ndarray, seconds: np.ndarray) -> pd.Series:
    """Moments, given as days after the first day and seconds after midnight."""
    start = np.datetime64(FIRST_DAY.isoformat(), "us")
    moments = start + (days * 86400 + seconds).astype("timedelta64[s]")
    return pd.Series(moments)


def simulate(seed: int = 7, events: int = 3000) -> pd.DataFrame:
    """Deliveries of all days; `loaded_on` is the number of the day that brings a row."""
    draw = np.random.default_rng(seed)
    day = np.sort(draw.integers(0, DAYS, events))
    second = draw.integers(0, 86400, events)
    group = draw.choice(
        ["g1", "g2", "g3", "g4", "g5", None], events, p=[0.3, 0.3, 0.2, 0.1, 0.07, 0.03]
    )
    user = np.array([f"u{number}" for number in draw.integers(0, 14, events)], dtype=object)
    user[draw.random(events) < 0.03] = None
    delay = np.where(draw.random(events) < 0.08, draw.integers(1, 6, events), 0)
    delay = np.where(draw.random(events) < 0.01, draw.integers(7, 45, events), delay)
    tracks = pd.DataFrame(
        {
            "message_id": [f"m{number:05d}" for number in range(events)],
            "event": draw.choice(list(EVENTS), events, p=list(EVENTS.values())),
            "user_id": user,
            "group_id": group,
            "timestamp": timestamps(day, second),
            "received_at": timestamps(day + delay, second + 1),
        }
    )
    # g5 is silent in the middle: windows run empty and fill again.
    silent = (tracks["group_id"] == "g5") & (day > 15) & (day < 55)
    tracks = tracks[~silent]
    ahead = tracks.sample(20, random_state=seed)
    tracks.loc[ahead.index, "timestamp"] += pd.to_timedelta(2, unit="D")
    # Repeats: the same or a shifted moment, received up to nine days later.
    repeats = tracks.sample(250, random_state=seed + 1).copy()
    repeats["received_at"] += pd.to_timedelta(draw.integers(0, 10, len(repeats)), unit="D")
    shifted = repeats.sample(60, random_state=seed + 2).index
    repeats.loc[shifted, "timestamp"] += pd.to_timedelta(
        draw.choice([1, 3, 7, 8, 20], len(shifted)), unit="D"
    )
    tracks = pd.concat([tracks, repeats], ignore_index=True)
    received = (tracks["received_at"] - pd.Timestamp(FIRST_DAY)).dt.days
    # The files of a few days of receipt are forgotten and loaded five days later.
    tracks["loaded_on"] = received + np.where(received.isin([12, 40]), 5, 0)
    return tracks.sort_values(["loaded_on", "received_at", "message_id"], ignore_index=True)


@dataclass
class Company:
    """One warehouse."""

    folder: Path
    product_source: str = "segment"

    @property
    def warehouse(self) -> Path:
        """The DuckDB file."""
        return self.folder / "warehouse.duckdb"

    @contextmanager
    def connection(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open the warehouse for as long as it takes."""
        opened = duckdb.connect(str(self.warehouse))
        try:
            yield opened
        finally:
            opened.close()

    def create(self) -> None:
        """Make every raw table that the loader would make, with accounts, contracts and groups."""
        self._create_home()
        with self.connection() as connection:
            connection.execute("create schema raw_loads")
            connection.execute("create table raw_loads.settings (name varchar, value varchar)")
            for path in sorted((project_root() / "orchestration" / "raw_tables").glob("*.yml")):
                create_raw_tables(connection, yaml.safe_load(path.read_text(encoding="utf-8")))
            self._sell(connection)
            for group, account in GROUPS.items():
                self.map_group(group, account, FIRST_DAY, connection)

    def _create_home(self) -> None:
        home = Home(self.folder)
        home.create()
        sources = {**FILES_SOURCES, "product": [self.product_source]}
        home.write(HomeConfig(company="usage", source="files", sources=sources))

    def _sell(self, connection: duckdb.DuckDBPyConnection) -> None:
        products = {"prod_Workspace": True, "prod_Insights": False, "prod_Guard": False}
        for line, (product, is_core) in enumerate(products.items()):
            insert(
                connection, "raw_files.products", line,
                product_id=product, product_name=product, is_core=is_core,
            )  # fmt: skip
        for line, account in enumerate(ACCOUNTS):
            insert(
                connection, "raw_files.accounts", line,
                account_id=account, account_name=account, created_at="2024-01-01",
            )  # fmt: skip
            insert(
                connection, "raw_files.subscriptions", line,
                subscription_id=f"s{account}", account_id=account, status="active",
                started_at="2024-06-01", currency="USD",
            )  # fmt: skip
        for line, (user, group) in enumerate(CHAMPIONS.items()):
            self.put_user(user, group, date(2024, 6, 1), connection)
            insert(
                connection, "raw_files.contacts", line,
                contact_id=f"c{user}", account_id=GROUPS[group], email=f"{user}@a.example",
                role="champion", created_at="2024-06-01",
            )  # fmt: skip
        self.put_user("u4", "g1", date(2024, 6, 1), connection)
        self.sell_item("A", "prod_Workspace", 8, "2024-06-01", connection=connection)
        self.sell_item("A", "prod_Insights", 8, "2025-02-01", "2025-03-01", connection=connection)
        self.sell_item("B", "prod_Workspace", 3, "2024-06-01", "2025-02-15", connection=connection)

    def sell_item(
        self,
        account: str,
        product: str,
        seats: int,
        valid_from: str,
        valid_to: str | None = None,
        *,
        connection: duckdb.DuckDBPyConnection,
    ) -> None:
        """Add a contract line."""
        insert(
            connection, "raw_files.subscription_items", seats,
            subscription_item_id=f"i{account}{product}", subscription_id=f"s{account}",
            valid_from=valid_from, valid_to=valid_to, quantity=seats, unit_amount=100,
            billing_interval="month", product_id=product, usage_type="licensed",
        )  # fmt: skip

    def map_group(
        self,
        group: str,
        account: str | None,
        on: date,
        connection: duckdb.DuckDBPyConnection,
    ) -> None:
        """Say which CRM account a group is, from the load of that day on."""
        insert(
            connection, "raw_segment.groups", (on - FIRST_DAY).days,
            id=group, name=group, crm_account_id=account, received_at=on.isoformat(),
        )  # fmt: skip

    def put_user(
        self, user: str, group: str, on: date, connection: duckdb.DuckDBPyConnection
    ) -> None:
        """Say which group a user is in, from that day on."""
        insert(
            connection, "raw_segment.users", (on - date(2024, 6, 1)).days,
            id=user, group_id=group, email=f"{user}@a.example", created_at="2024-06-01",
            received_at=f"{on} 10:00:00",
        )  # fmt: skip

    def deliver(self, tracks: pd.DataFrame, first: int, last: int) -> None:
        """Append the rows that reach the raw table on the days `first` to `last`, a load a day."""
        rows = tracks[tracks["loaded_on"].between(first, last)].copy()
        rows["_dlt_load_id"] = (1_700_000_000 + rows["loaded_on"] * 86400).astype(str)
        rows["_source_file"] = "tracks_" + rows["loaded_on"].astype(str) + ".parquet"
        rows["_source_line"] = rows.groupby("loaded_on").cumcount() + 1
        rows = rows.drop(columns="loaded_on")
        with self.connection() as connection:
            connection.register("delivered", rows)
            connection.execute("insert into raw_segment.tracks by name select * from delivered")

    def build(self, as_of: date, *, full_refresh: bool = False) -> None:
        """Build what is tested here, and all that it needs, as of a day."""
        with self.connection() as connection:
            connection.execute("delete from raw_loads.settings")
            connection.execute(
                "insert into raw_loads.settings values ('as_of_date', ?)", [as_of.isoformat()]
            )
        with self.connection() as connection:
            seeded = connection.execute(
                "from duckdb_tables() where table_name = 'excluded_users'"
            ).fetchone()
        if not seeded:
            self.dbt("seed")
        self.dbt(
            "run", "--select", *(f"+{model}" for model in BUILT),
            *(["--full-refresh"] if full_refresh else []),
        )  # fmt: skip

    def dbt(self, command: str, *arguments: str) -> None:
        """Run dbt on this warehouse."""
        run_dbt(Home(self.folder), command, "--quiet", *arguments)

    def rows(self, model: str) -> pd.DataFrame:
        """A model, every column, in the order of its grain."""
        schema = {"fct": "facts", "mart": "marts"}.get(model.partition("_")[0], "intermediate")
        with self.connection() as connection:
            return connection.execute(f"select * from {schema}.{model} order by all").df()

    def copy(self, folder: Path) -> "Company":
        """Another warehouse with the same content."""
        company = Company(folder, self.product_source)
        company._create_home()
        shutil.copy(self.warehouse, company.warehouse)
        return company


def create_raw_tables(connection: duckdb.DuckDBPyConnection, declared: dict) -> None:
    """Create the raw tables of one source, empty."""
    schema = f"raw_{declared['source']}"
    connection.execute(f"create schema {schema}")
    for name, table in declared["tables"].items():
        columns = {column: kind.rstrip("!") for column, kind in table["columns"].items()}
        columns |= {"_dlt_load_id": "varchar", "_source_file": "varchar", "_source_line": "bigint"}
        columns |= {"_gone_load_id": "varchar"}
        typed = ", ".join(
            f'"{column}" {"varchar" if kind == "json" else kind}'
            for column, kind in columns.items()
        )
        connection.execute(f'create table {schema}."{name}" ({typed})')
    ensure_table(connection, schema, "deliveries", DELIVERY_COLUMNS)


def insert(connection: duckdb.DuckDBPyConnection, table: str, line: int, **values: object) -> None:
    """Add one raw row, as a load of its own."""
    row = {"_dlt_load_id": f"{1_600_000_000 + line}", "_source_line": line, **values}
    columns = ", ".join(f'"{name}"' for name in row)
    marks = ", ".join("?" for _ in row)
    connection.execute(f"insert into {table} ({columns}) values ({marks})", list(row.values()))


def day(number: int) -> date:
    """The day with that number."""
    return FIRST_DAY + timedelta(days=number)
