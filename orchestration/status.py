"""What is loaded and what is published."""

from __future__ import annotations

from pathlib import Path

import duckdb
from rich.console import Console
from rich.table import Table

from orchestration.database import connect
from orchestration.gaps import HOW_TO_GO_ON, held, in_force
from orchestration.home import Home, HomeError
from orchestration.load_counts import read_loads
from orchestration.loads.business_time import newest_business_days
from orchestration.publish import read_publication
from orchestration.published_folder import DATABASE_LINK
from orchestration.summary import show_publication

ROW_SQL = """
    select source, source_table, sum(rows_loaded)::bigint, max(loaded_at)
    from raw_loads.file_counts
    group by source, source_table
    order by source, source_table
"""
# The newest run of each source, and since when nothing new came.
DELIVERY_SQL = """
    select
        source,
        max(loaded_at),
        count(distinct source_file),
        sum(rows_read)::bigint,
        sum(rows_loaded)::bigint,
        sum(rows_rejected)::bigint,
        any_value(last_news_at)
    from raw_loads.file_counts
    join (
        select source, max(run_id) as run_id,
            max(case when rows_loaded > 0 then loaded_at end) as last_news_at
        from raw_loads.file_counts
        group by source
    ) using (source, run_id)
    group by source
    order by source
"""


def show_status(console: Console, home: Home) -> None:
    """Show the raw tables and what is published."""
    _require_home(home)
    try:
        company = home.read().company
    except HomeError as fault:
        # What is loaded and published does not hang on it.
        console.print(str(fault), style="red", highlight=False, markup=False, soft_wrap=True)
        company = home.remembered().company
    console.print(f"{company} in {home.path}", highlight=False, soft_wrap=True)
    _show_schedule(console, home)
    _show_loaded(console, home.warehouse)
    _show_held(console, home)
    publication = read_publication(home.published)
    if publication is None:
        console.print("Nothing is published yet: run `csw refresh`.")
        return
    show_publication(console, home, publication)
    console.print(f"Published {publication.published_at} by run {publication.run_id}.")
    console.print(f"Open it read-only: {home.published / DATABASE_LINK}", soft_wrap=True)


def _show_schedule(console: Console, home: Home) -> None:
    try:
        schedule = home.schedule
    except HomeError:
        # Said already.
        return
    how = "on while `csw dagster` runs" if schedule.on else "off in company.yml"
    _line(console, f"Dagster's schedule: {schedule.at} {schedule.time_zone}, {how}")


def _show_loaded(console: Console, warehouse: Path) -> None:
    if not warehouse.is_file():
        console.print("Nothing is loaded yet: run `csw refresh`.")
        return
    with connect(warehouse, read_only=True, wait=False) as connection:
        if not _has(connection, "file_counts"):
            return
        rows = connection.execute(ROW_SQL).fetchall()
        deliveries = connection.execute(DELIVERY_SQL).fetchall()
        newest = newest_business_days(connection, [source for source, *_ in deliveries])
    table = Table("source", "table", box=None, pad_edge=False, header_style="bold")
    table.add_column("rows loaded", justify="right")
    table.add_column("last load")
    for source, name, loaded, at in rows:
        table.add_row(source, name, f"{loaded:,}", f"{at:%Y-%m-%d %H:%M}")
    console.print(table)
    last = Table("last delivery of", "loaded", box=None, pad_edge=False, header_style="bold")
    for title in ("files", "read", "new", "rejected"):
        last.add_column(title, justify="right")
    last.add_column("last news")
    last.add_column("newest business day")
    for source, at, files, *counts, news_at in deliveries:
        news = f"{news_at:%Y-%m-%d %H:%M}" if news_at else "never"
        numbers = [f"{count:,}" for count in (files, *counts)]
        last.add_row(source, f"{at:%Y-%m-%d %H:%M}", *numbers, news, newest.get(source, ""))
    console.print(last)


def _show_held(console: Console, home: Home) -> None:
    """Say what keeps the last build from being published, and the command that goes on."""
    findings = held(home)
    if not findings:
        return
    console.print("Held: the last build is not published.", style="bold red")
    for finding in findings:
        _line(console, f"  {finding}")
    _line(console, f"After the repair: csw refresh. As it is: {HOW_TO_GO_ON}")


def show_findings(console: Console, home: Home) -> None:
    """Say what is held, and what is accepted: by whom, until when, why."""
    _require_home(home)
    if not held(home):
        console.print("Nothing is held.")
    _show_held(console, home)
    for line in in_force(home):
        until = f"until {line['expires_on']}" if line["expires_on"] else "for good"
        _line(
            console,
            f"Accepted {until} by {line['accepted_by']} ({line['reason']}): "
            f"{line['what_is_missing'] or line['gap']}",
        )


def show_messages(console: Console, home: Home) -> None:
    """List the messages and rejects of the newest run that loaded something."""
    _require_home(home)
    run_id = last_run(home.warehouse)
    if run_id is None:
        console.print("Nothing is loaded yet: run `csw refresh`.")
        return
    loads = read_loads(home.warehouse, run_id)
    for message in loads.messages:
        where = f"{message.where}: " if message.where else ""
        _line(console, f"{message.severity:<8} {message.source}: {where}{message.text}")
    for reject in loads.rejects:
        rows = "1 row" if reject.rows == 1 else f"{reject.rows:,} rows, the first"
        where = f"{reject.file}, line {reject.first_line}"
        _line(console, f"rejected {reject.source}: {rows} at {where}: {reject.reason}")


def _line(console: Console, text: str) -> None:
    console.print(text, highlight=False, markup=False, soft_wrap=True)


def last_run(warehouse: Path) -> str | None:
    """Return the newest run that loaded something."""
    if not warehouse.is_file():
        return None
    with connect(warehouse, read_only=True, wait=False) as connection:
        if not _has(connection, "file_counts"):
            return None
        found = connection.execute("select max(run_id) from raw_loads.file_counts").fetchone()
    return found[0] if found else None


def _require_home(home: Home) -> None:
    if not home.exists():
        raise HomeError(f"{home.path} is not a home yet: run `csw refresh`.")


def _has(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    found = connection.execute(
        "select 1 from information_schema.tables "
        "where table_schema = 'raw_loads' and table_name = ?",
        [table],
    ).fetchone()
    return found is not None
