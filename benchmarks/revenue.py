"""Revenue models against one query by hand, on 20,000 accounts and 60 months of contract lines.

    uv run python -m benchmarks.revenue

A company is made up in SQL, straight into the raw tables of a home that is thrown away: starts,
seats, prices, coupons, currencies, pauses, churn and returns. Each contract line has a version per
month, as billing systems write one per period. One DuckDB query by hand makes only the ARR per
account and month from the ledger. Against it stand the model of the same grain (gap-free, with
openings and transfers), and all models from the ledger on: account months with their attributes,
line movements by cause, retention, churn and expansion, nineteen tables and views in all.
"""

import argparse
import csv
import os
import shutil
import tempfile
import threading
import time
from pathlib import Path

import duckdb

from benchmarks.scale import resident_bytes
from benchmarks.usage import Run, dbt
from orchestration.home import FILES_SOURCES, Home, HomeConfig
from orchestration.loads import LoadRequest, load, write_settings

AS_OF = "2025-12-31"
FIRST_DAY = "2021-01-01"
ACCOUNTS = 20_000
LEDGER = "int_arr_line_intervals"
ACCOUNT_MONTHS = "int_arr_account_month"
# What is built from the ledger alone: tie-out, close, lifetime and health read other things too.
MODELS = (
    ACCOUNT_MONTHS,
    "int_arr_account_month_attributes",
    "fct_account_month",
    "int_arr_line_states",
    "int_arr_line_month",
    "int_arr_line_month_turns",
    "int_arr_line_month_steps",
    "int_arr_line_month_parts",
    "fct_arr_movement",
    "fct_account_retention_month",
    "fct_account_retention_3m",
    "fct_account_cohort_month",
    "fct_account_revenue",
    "fct_churn_event",
    "mart_arr_bridge_monthly",
    "mart_retention_monthly",
    "mart_retention_cohorts",
    "mart_churn_monthly",
    "mart_expansion_monthly",
)
# Each looks for pairs of contracts: time per contract must stay flat.
PAIRS_OF_CONTRACTS = ("int_arr_overlaps", "int_arr_renewal_candidates")
BY_HAND = """
create or replace table by_hand as
with months as (
    select unnest(generate_series(date '2021-01-01', date '2025-12-01', interval 1 month))::date
        as month
)
select
    lines.account_id,
    months.month,
    sum(lines.arr) as arr
from intermediate.int_arr_line_intervals as lines
inner join months
    on
        lines.valid_from <= last_day(months.month)
        and coalesce(lines.valid_to, date '9999-12-31') > last_day(months.month)
where lines.arr > 0
group by all
"""
# One row per contract line: a first contract, sometimes a second product, and for some of those
# who left a new contract later. chance(n) is a number in [0, 1) that only the row decides.
COMPANY = """
create or replace temp macro chance(key, salt) as (hash(key, salt) % 1000003) / 1000003.0;

create or replace temp table contract_lines as
with firsts as (
    select
        account_no,
        line_no,
        date '{first}'
        + cast(
            case when chance(account_no, 19) < 0.5 then 30 else 1700 end
            * chance(account_no * 10 + line_no, 1) as integer
        ) as start_on,
        chance(account_no * 10 + line_no, 2) as life
    from range({accounts}) as a(account_no), range(2) as l(line_no)
    where line_no = 0 or chance(account_no, 3) < 0.4
),
ended as (
    select
        *,
        start_on + cast(60 - 1500 * ln(1 - life) as integer) as end_on
    from firsts
),
returned as (
    select
        account_no,
        line_no + 2 as line_no,
        end_on + 20 + cast(chance(account_no, 4) * 250 as integer) as start_on,
        date '9999-12-31' as end_on
    from ended
    where line_no = 0 and chance(account_no, 5) < 0.2
)
select account_no, line_no, start_on, end_on from ended
union all
select account_no, line_no, start_on, end_on from returned where start_on < date '{as_of}';

delete from raw_files.accounts;
insert into raw_files.accounts by name
select
    'a' || account_no as account_id,
    'Account ' || account_no as account_name,
    ['SMB', 'Mid-Market', 'Enterprise'][1 + cast(floor(chance(account_no, 6) * 3) as integer)]
        as segment,
    ['EMEA', 'AMER', 'APAC'][1 + cast(floor(chance(account_no, 7) * 3) as integer)] as region,
    'csm' || cast(floor(chance(account_no, 8) * 60) as integer) as csm_id,
    cast(10 + 3000 * chance(account_no, 9) as bigint) as employee_count,
    'bench' as _dlt_load_id,
    account_no as _source_line
from range({accounts}) as a(account_no);

delete from raw_files.subscriptions;
insert into raw_files.subscriptions by name
select
    's' || account_no || '-' || line_no as subscription_id,
    'a' || account_no as account_id,
    case when end_on <= date '{as_of}' then 'canceled' else 'active' end as status,
    cast(start_on as timestamp) as started_at,
    case when end_on <= date '{as_of}' then cast(end_on as timestamp) end as ended_at,
    case when chance(account_no, 10) < 0.3 then 'EUR' else 'USD' end as currency,
    case when chance(account_no * 10 + line_no, 11) < 0.02 then start_on + 100 end as paused_from,
    case when chance(account_no * 10 + line_no, 11) < 0.02 then start_on + 190 end as paused_until,
    'bench' as _dlt_load_id,
    row_number() over () as _source_line
from contract_lines;

delete from raw_files.subscription_items;
insert into raw_files.subscription_items by name
with versions as (
    select
        *,
        cast(
            unnest(
                generate_series(
                    0,
                    cast(least(end_on - 1, date '{as_of}') - start_on as integer) // 30
                )
            ) as integer
        ) as version_no
    from contract_lines
)
select
    'i' || account_no || '-' || line_no as subscription_item_id,
    's' || account_no || '-' || line_no as subscription_id,
    start_on + version_no * 30 as valid_from,
    cast(
        greatest(
            1,
            5 + 40 * chance(account_no, 13)
            + version_no // (3 + cast(6 * chance(account_no, 12) as integer))
            * (6 * chance(account_no * 10 + line_no, 14) - 1.2)
        ) as integer
    ) as quantity,
    round(20 + 60 * chance(account_no, 15) + 2 * (version_no // 12), 2) as unit_amount,
    case when chance(account_no, 16) < 0.5 then 'year' else 'month' end as billing_interval,
    'plan' || cast(floor(chance(account_no, 17) * 3 + version_no // 24) as integer) as plan_id,
    'product' || line_no % 2 as product_id,
    case when chance(account_no, 18) < 0.25 then 20 end as discount_percent,
    case when chance(account_no, 18) < 0.25 then 'repeating' end as discount_duration,
    case when chance(account_no, 18) < 0.25 then start_on + 200 end as discount_until,
    'bench' as _dlt_load_id,
    row_number() over () as _source_line
from versions;
"""


class PeakMemory:
    """The highest resident memory of this process and all below it."""

    def __init__(self) -> None:
        """Start to look."""
        self.bytes = 0
        self._stopped = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while not self._stopped.wait(0.2):
            self.bytes = max(self.bytes, resident_bytes(os.getpid()))

    def stop(self) -> int:
        """Look no longer; bytes seen at most."""
        self._stopped.set()
        return self.bytes


def make_company(home: Home, accounts: int) -> None:
    """Fill the raw tables of a home with a company that was made up."""
    home.create()
    home.write(HomeConfig(company="bench", source="files", sources=dict(FILES_SOURCES)))
    # One row of each required table, so that the loader makes every raw table.
    folder = home.path / "drop"
    folder.mkdir()
    tables = {
        "accounts": {"account_id": "a", "account_name": "A"},
        "subscriptions": {
            "subscription_id": "s",
            "account_id": "a",
            "status": "active",
            "started_at": FIRST_DAY,
        },
        "subscription_items": {
            "subscription_item_id": "i",
            "subscription_id": "s",
            "valid_from": FIRST_DAY,
            "quantity": "1",
            "unit_amount": "1",
            "billing_interval": "year",
        },
    }
    for name, row in tables.items():
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(row))
            writer.writeheader()
            writer.writerow(row)
    load(LoadRequest("files", folder, home.warehouse, "bench"))
    write_settings(home.warehouse, {"as_of_date": AS_OF, "run_id": "bench", "company": "bench"})
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute(COMPANY.format(accounts=accounts, first=FIRST_DAY, as_of=AS_OF))


def by_hand(home: Home, repetitions: int) -> tuple[float, int]:
    """Seconds of the query by hand (the best of several), and its rows."""
    taken = []
    with duckdb.connect(str(home.warehouse)) as connection:
        for _ in range(repetitions):
            began = time.perf_counter()
            connection.execute(BY_HAND)
            taken.append(time.perf_counter() - began)
        (rows,) = connection.execute("select count(*) from by_hand").fetchone() or (0,)
        connection.execute("drop table by_hand")
    return min(taken), rows


def count_rows(home: Home, *tables: str) -> None:
    """Print the rows of tables."""
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        for table in tables:
            (rows,) = connection.execute(f"select count(*) from {table}").fetchone() or (0,)
            print(f"  {table:36} {rows:13,} rows")


def measure(home: Home, repetitions: int) -> None:
    """Build the revenue models and print the ratio."""
    dbt(home, "seed")
    ledger = dbt(home, "run", "--select", f"+{LEDGER}")
    ancestors = [f"+{name}" for name in (*MODELS, *PAIRS_OF_CONTRACTS)]
    dbt(home, "run", "--select", *ancestors, "--exclude", f"+{LEDGER}")
    query_seconds, query_rows = by_hand(home, repetitions)
    alone = min(dbt(home, "run", "--select", ACCOUNT_MONTHS).seconds for _ in range(repetitions))
    peak = PeakMemory()
    runs: list[Run] = [dbt(home, "run", "--select", *MODELS) for _ in range(repetitions)]
    highest = peak.stop()
    best = min(runs, key=lambda run: run.seconds)
    pairs = dbt(home, "run", "--select", *PAIRS_OF_CONTRACTS)
    for model, seconds in (best.models | pairs.models).items():
        print(f"  {model:36} {seconds:9.2f} s")
    count_rows(
        home,
        f"intermediate.{LEDGER}",
        "facts.fct_account_month",
        "facts.fct_arr_movement",
        "facts.fct_account_retention_month",
    )
    print(f"  {'highest memory':36} {highest / 2**20:9.0f} MiB (at most 4096)")
    print(f"  {'raw tables to the ledger, wall':36} {ledger.seconds:9.2f} s")
    print(f"  {'query by hand':36} {query_seconds:9.2f} s   {query_rows:,} rows")
    print(f"  {ACCOUNT_MONTHS + ', alone':36} {alone:9.2f} s")
    print(f"  {'all revenue models, wall':36} {best.seconds:9.2f} s")
    print(f"  {'ratio of the account months':36} {alone / query_seconds:9.2f}")
    print(f"  {'ratio of all revenue models':36} {best.seconds / query_seconds:9.2f}")


def main() -> None:
    """Read the arguments, make the company and print the ratio."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--accounts", type=int, default=ACCOUNTS)
    parser.add_argument("--repetitions", type=int, default=3, help="the best of so many counts")
    parser.add_argument("--home", type=Path, help="a folder to keep the company in")
    options = parser.parse_args()
    folder = options.home or Path(tempfile.mkdtemp(prefix="csw-revenue-"))
    print(f"Revenue models, {options.accounts:,} accounts, 60 months")
    try:
        home = Home(folder)
        if not home.warehouse.exists():
            make_company(home, options.accounts)
        measure(home, options.repetitions)
    finally:
        if options.home is None:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
