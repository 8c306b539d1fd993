"""Usage facts against one query by hand, and the daily refresh against the length of history.

    uv run python -m benchmarks.usage --home data       # a home with loaded Segment tracks

1. Full build: everything from the deliveries to the usage facts, each event counted once, rolling
   windows, features and seats included; against one DuckDB query that only makes distinct account,
   user and day from the same raw table. The users of each feature (fct_account_feature_week) are
   timed beside it.
2. Daily refresh: the models that a new day touches, with 36 and with 12 months behind them.

The home is not changed: all runs on copies, in a folder that is thrown away.
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb

from orchestration.home import Home
from orchestration.project import dbt_environment, dbt_executable, project_root, vars_arguments

FACTS = ("fct_account_usage_day", "fct_user_activity_day")
MODELS = tuple(f"path:models/intermediate/product,+{fact}" for fact in FACTS)
FEATURES = ("int_product_feature_user_days", "fct_account_feature_week")
BY_HAND = """
create or replace table by_hand as
select distinct
    group_id,
    user_id,
    cast(timestamp as date) as usage_date
from raw_segment.tracks
"""
LONG_MONTHS, SHORT_MONTHS = 36, 12


@dataclass(frozen=True)
class Run:
    """One dbt run: wall seconds from the first model's start to the last's end, and per model."""

    seconds: float
    models: dict[str, float]


def dbt(home: Home, *arguments: str) -> Run:
    """Run dbt in a process of its own and read what each model took.

    Raises:
        SystemExit: dbt failed; its output is shown.
    """
    done = subprocess.run(
        [dbt_executable(), "--quiet", *arguments, *vars_arguments(home)],
        cwd=project_root(),
        env={**os.environ, **dbt_environment(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        sys.exit(done.stdout + done.stderr)
    results = json.loads((home.dbt_target / "run_results.json").read_text(encoding="utf-8"))
    began, ended, models = [], [], {}
    for result in results["results"]:
        timing = {step["name"]: step for step in result["timing"]}
        if "execute" in timing:
            began.append(datetime.fromisoformat(timing["compile"]["started_at"]))
            ended.append(datetime.fromisoformat(timing["execute"]["completed_at"]))
            models[result["unique_id"].rpartition(".")[2]] = result["execution_time"]
    return Run((max(ended) - min(began)).total_seconds(), models)


def copy_home(home: Home, folder: Path) -> Home:
    """A home with a copy of the warehouse."""
    copied = Home(folder)
    copied.create()
    if home.file.exists():
        shutil.copy(home.file, copied.file)
    shutil.copy(home.warehouse, copied.warehouse)
    return copied


def set_as_of(home: Home, as_of: date) -> None:
    """Write the as-of date where the models read it."""
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute("delete from raw_loads.settings where name = 'as_of_date'")
        connection.execute(
            "insert into raw_loads.settings values ('as_of_date', ?)", [as_of.isoformat()]
        )


def by_hand(home: Home, repetitions: int) -> tuple[float, int]:
    """Seconds of the query by hand (the best of several), and its rows."""
    taken = []
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute("set preserve_insertion_order = false")
        for _ in range(repetitions):
            began = time.perf_counter()
            connection.execute(BY_HAND)
            taken.append(time.perf_counter() - began)
        (rows,) = connection.execute("select count(*) from by_hand").fetchone() or (0,)
        connection.execute("drop table by_hand")
    return min(taken), rows


def rows_of(home: Home, tables: Iterable[str]) -> dict[str, int]:
    """Rows of tables."""
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        counted = {}
        for table in tables:
            (rows,) = connection.execute(f"select count(*) from {table}").fetchone() or (0,)
            counted[table] = rows
    return counted


def last_day(home: Home) -> date:
    """The last day on which events were received."""
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        found = connection.execute(
            "select cast(max(received_at) as date) from raw_segment.tracks"
        ).fetchone()
    if not found or found[0] is None:
        sys.exit(f"{home.warehouse} has no Segment tracks: run `csw refresh` first.")
    return found[0]


def prepare(home: Home, as_of: date) -> None:
    """Build what the usage models read, and the usage models, as of a day."""
    set_as_of(home, as_of)
    dbt(home, "seed")
    dbt(home, "run", "--full-refresh", "--select", *(f"+{name}" for name in (*FACTS, *FEATURES)))


def full_build(home: Home, repetitions: int) -> None:
    """Print the full build against the query by hand."""
    prepare(home, last_day(home))
    query_seconds, distinct_rows = by_hand(home, repetitions)
    runs = [
        dbt(home, "run", "--full-refresh", "--select", *MODELS, *FACTS) for _ in range(repetitions)
    ]
    best = min(runs, key=lambda run: run.seconds)
    print("Full build")
    for model, seconds in best.models.items():
        print(f"  {model:36} {seconds:9.2f} s")
    tables = [
        "raw_segment.tracks",
        "intermediate.int_product_repeats",
        "intermediate.int_product_user_days",
        "intermediate.int_product_feature_user_days",
        "facts.fct_account_usage_day",
    ]
    for table, rows in rows_of(home, tables).items():
        print(f"  {table:36} {rows:13,} rows")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**10
    print(f"  {'highest memory of a dbt process':36} {peak:9.0f} MiB")
    print(f"  {'usage models, wall':36} {best.seconds:9.2f} s")
    print(f"  {'query by hand':36} {query_seconds:9.2f} s   {distinct_rows:,} rows")
    print(f"  {'ratio (at most 3)':36} {best.seconds / query_seconds:9.2f}")
    features = dbt(home, "run", "--full-refresh", "--select", *FEATURES)
    print(f"  {'beside it: users of each feature':36} {features.seconds:9.2f} s")


def keep_months(home: Home, months: int) -> None:
    """Forget the tracks received before the last so many months; the rest came day by day."""
    first = last_day(home) - timedelta(days=round(months * 365.25 / 12))
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute(
            "create or replace table raw_segment.tracks as "
            "select * replace (cast(epoch(date_trunc('day', received_at)) as bigint)::varchar "
            "as _dlt_load_id) from raw_segment.tracks where received_at >= ? "
            "order by cast(received_at as date)",
            [first],
        )


def daily_refresh(home: Home, days: int) -> Run:
    """Medians of the usage models' daily refreshes, over the last days of the data."""
    end = last_day(home)
    prepare(home, end - timedelta(days=days))
    runs = []
    for back in range(days - 1, -1, -1):
        set_as_of(home, end - timedelta(days=back))
        runs.append(dbt(home, "run", "--select", *MODELS, *FACTS))
    return Run(
        statistics.median(run.seconds for run in runs),
        {name: statistics.median(run.models[name] for run in runs) for name in runs[0].models},
    )


def daily_refreshes(home: Home, folder: Path, days: int) -> None:
    """Print the daily refresh with long and with short history."""
    runs = []
    for months in (LONG_MONTHS, SHORT_MONTHS):
        kept = copy_home(home, folder / str(months))
        keep_months(kept, months)
        runs.append(daily_refresh(kept, days))
        shutil.rmtree(kept.path)
    long, short = runs
    print(f"Daily refresh {LONG_MONTHS:>34} {SHORT_MONTHS:>9} months of history")
    for model, seconds in long.models.items():
        print(f"  {model:36} {seconds:9.2f} {short.models[model]:9.2f} s")
    print(f"  {'usage models, wall':36} {long.seconds:9.2f} {short.seconds:9.2f} s")
    print(f"  {'ratio (at most 1.3)':36} {long.seconds / short.seconds:9.2f}")


def main() -> None:
    """Read the arguments and print both ratios."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--home", type=Path, help="the home to measure; CSW_HOME or data/ if none")
    parser.add_argument("--repetitions", type=int, default=3, help="the best of so many counts")
    parser.add_argument("--days", type=int, default=5, help="daily refreshes per length of history")
    parser.add_argument("--skip-full", action="store_true", help="only the daily refreshes")
    parser.add_argument("--skip-daily", action="store_true", help="only the full build")
    options = parser.parse_args()
    home = Home.resolve(options.home)
    with tempfile.TemporaryDirectory(prefix="csw-usage-") as folder:
        if not options.skip_full:
            full_build(copy_home(home, Path(folder) / "full"), options.repetitions)
            shutil.rmtree(Path(folder) / "full")
        if not options.skip_daily:
            daily_refreshes(home, Path(folder), options.days)


if __name__ == "__main__":
    main()
