"""`csw doctor`: is the machine, the home and what is published sound, and what mends it if not."""

from __future__ import annotations

import os
import platform
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import requires, version
from pathlib import Path

import duckdb
from packaging.requirements import Requirement
from rich.console import Console

from orchestration.build_state import build_state_file
from orchestration.clock import newest_load
from orchestration.database import BusyError, connect
from orchestration.errors import advice_on, explain
from orchestration.gaps import MART, held
from orchestration.home import PRIVATE_FOLDERS, Home
from orchestration.ledger_checks import problems
from orchestration.lock import lock_holder
from orchestration.memory import MEMORY_VARIABLE, bound_memory, memory_limit
from orchestration.publish import Publication, links, read_publication, read_quality
from orchestration.state import read_json, sha256_of

PACKAGE = "customer-success-warehouse"
GIB = 1 << 30
# A build makes each table beside the old one, and publishing makes one more publication.
SPARE_BYTES = GIB // 2
LONG_RUN = timedelta(hours=6)
SILENCE = timedelta(days=2)
SHOWN_RUNS = 5
SHOWN = 5
UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB")


@dataclass(frozen=True)
class Found:
    """What one look found.

    Attributes:
        text: A sentence.
        command: What mends it; none: it is as it should be.
    """

    text: str
    command: str = ""


Look = Callable[[Home], Iterator[Found]]


def examine(home: Home) -> Iterator[tuple[str, Found]]:
    """Yield what each look finds; a look that fails is a finding, and hides no other."""
    for name, look in LOOKS.items():
        try:
            yield from ((name, found) for found in look(home))
        except Exception as error:
            if BusyError in (type(error), type(error.__cause__)):
                # Who that is, `locks` tells.
                yield name, Found("not looked at: the warehouse is in use")
                continue
            yield name, Found(explain(error)[0], "see docs/operations.md, The machine")


def show_doctor(console: Console, home: Home) -> bool:
    """Print all that is found; return whether it is sound."""
    findings = 0
    for name, found in examine(home):
        findings += bool(found.command)
        mark, style = ("!", "bold red") if found.command else ("ok", None)
        _line(console, f"{mark:<3}{name:<13}{found.text}", style)
        if found.command:
            _line(console, f"{'':<16}→ {found.command}")
    _line(console, f"{findings} to mend." if findings else "Sound.", "bold")
    return findings == 0


def _line(console: Console, text: str, style: str | None = None) -> None:
    console.print(text, style=style, highlight=False, markup=False, soft_wrap=True)


def _machine(_: Home) -> Iterator[Found]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    yield Found(
        f"{platform.system()}, Python {platform.python_version()}, {os.cpu_count()} cores, "
        f"{memory / GIB:.0f} GB, of which DuckDB takes {memory_limit()} at most"
    )
    if _limit_bytes() > memory:
        yield Found(
            f"{MEMORY_VARIABLE}={memory_limit()} is more than the machine has.",
            f"export {MEMORY_VARIABLE}={max(1, memory * 6 // 10 // GIB)}GB",
        )


def _limit_bytes() -> float:
    """Return the bound on memory as DuckDB reads it: `4GB` is `3.7 GiB`."""
    with duckdb.connect() as connection:
        bound_memory(connection)
        told = connection.execute("select current_setting('memory_limit')").fetchone()
    number, unit = str(told[0] if told else "0 bytes").split()
    return float(number) * 1024 ** UNITS.index(unit)


def _versions(_: Home) -> Iterator[Found]:
    yield Found(", ".join(f"{name} {version(name)}" for name in ("dbt-core", "duckdb", "dagster")))
    for text in requires(PACKAGE) or ():
        needed = Requirement(text)
        there = version(needed.name)
        if needed.marker is None and not needed.specifier.contains(there, prereleases=True):
            yield Found(
                f"{needed.name} {there} is installed, {needed.specifier} is needed.", "make setup"
            )


def _settings(home: Home) -> Iterator[Found]:
    if not (home.exists() or home.company_file.exists()):
        yield Found(f"{home.path} is nobody's home yet.", "csw init, or csw refresh for a demo")
        return
    config = home.read()
    yield Found(f"{config.company} in {home.path}: {', '.join(config.vendors)}")
    for system, folder in config.folders.items():
        if not Path(folder).is_dir():
            yield Found(f"{folder}, where {system} is read, is not there.", "csw check")


def _disk(home: Home) -> Iterator[Found]:
    place = next(path for path in (home.path, *home.path.parents) if path.is_dir())
    free = shutil.disk_usage(place).free
    needed = needed_bytes(home)
    text = f"{free / GIB:.1f} GB free, the next run needs about {needed / GIB:.1f} GB"
    large = f"du -sh {home.path}/* | sort -h, and take away parked/ or exports that are loaded"
    yield Found(text, large if free < needed else "")


def needed_bytes(home: Home) -> int:
    """Return what the next run needs: the warehouse once more, one more publication, and spare."""
    publication = read_publication(home.published)
    files = [home.warehouse]
    if publication:
        files.append(home.published / publication.database)
        files += (home.published / publication.parquet).glob("*.parquet")
    return SPARE_BYTES + sum(file.stat().st_size for file in files if file.is_file())


def _locks(home: Home) -> Iterator[Found]:
    holder = lock_holder(home)
    if holder is not None and not holder:
        yield Found("a process that has just begun works here")
        return
    if holder:
        since = datetime.fromisoformat(holder["since"])
        text = f"process {holder['pid']} (`{holder['command']}`) works here since {since:%H:%M} UTC"
        is_stuck = datetime.now(UTC) - since > LONG_RUN
        yield Found(text, f"kill {holder['pid']}; then csw refresh" if is_stuck else "")
        return
    if home.warehouse.is_file() and os.access(home.warehouse, os.W_OK):
        try:
            connect(home.warehouse, wait=False).close()
        except BusyError as error:
            yield Found(
                str(error).partition(" Close it")[0],
                "close it there; BI reads published/, never the warehouse",
            )
            return
    yield Found("nobody works here")


def _clock(home: Home) -> Iterator[Found]:
    newest, now = newest_load(home, wait=False), datetime.now(UTC)
    if newest and newest > now:
        yield Found(
            f"it is {now:%Y-%m-%d %H:%M} UTC by the clock, and the last load was at "
            f"{newest:%Y-%m-%d %H:%M} UTC: nothing can be loaded until then.",
            "timedatectl set-ntp true",
        )
    else:
        yield Found(f"{now:%Y-%m-%d %H:%M} UTC, after the last load")


def _permissions(home: Home) -> Iterator[Found]:
    if not home.path.is_dir():
        yield Found("nothing there yet")
        return
    private = [home.path / name for name in PRIVATE_FOLDERS]
    private += [home.file, *home.path.glob(f"{home.warehouse.name}*")]
    is_sound = True
    for path in private:
        if path.exists() and path.stat().st_mode & 0o077:
            is_sound = False
            mode = "700" if path.is_dir() else "600"
            yield Found(
                f"{path} can be read by others: it holds personal data.", f"chmod {mode} {path}"
            )
    for file in home.published.rglob("*.duckdb"):
        if not file.is_symlink() and file.stat().st_mode & 0o222:
            is_sound = False
            yield Found(f"{file} can be written: one client could shut out all others.",
                        f"chmod 440 {file}")  # fmt: skip
    owner = home.path.stat().st_uid
    others = [path for path in _shallow(home) if path.lstat().st_uid != owner]
    if others:
        yield Found(
            f"{len(others)} files belong to another user than the home, as {others[0]}.",
            f"chown -R --reference={home.path} {home.path}",
        )
    elif os.geteuid() not in (0, owner):
        yield Found("the home belongs to another user.", f"sudo -u '#{owner}' csw doctor")
    elif is_sound:
        yield Found("private files are the owner's alone, published ones cannot be written")


def _shallow(home: Home) -> Iterator[Path]:
    """Yield what is in the home, two levels deep: where another user's run leaves its traces."""
    for path in sorted(home.path.iterdir()):
        yield path
        if path.is_dir() and not path.is_symlink():
            yield from sorted(path.iterdir())


def _runs(home: Home) -> Iterator[Found]:
    database = home.dagster / "history" / "runs.db"
    if not database.is_file():
        yield Found("none yet")
        return
    try:
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            rows = connection.execute(
                "select status, create_timestamp from runs order by id desc limit ?", [SHOWN_RUNS]
            ).fetchall()
    except sqlite3.Error as error:
        yield Found(f"{database}: {error}. {advice_on(str(error)) or ''}".strip(),
                    f"mv {home.dagster} {home.dagster}.damaged")  # fmt: skip
        return
    yield Found("the newest first: " + ", ".join(f"{at[:16]} {how.lower()}" for how, at in rows))
    state = read_json(build_state_file(home))
    if state and not state.get("succeeded"):
        log = max(home.runs.glob("*.log"), default=home.runs)
        yield Found(
            "the last build did not pass, or was stopped: what is published is older.",
            f"csw refresh; it says what is wrong, and so does {log}",
        )


def _deliveries(home: Home) -> Iterator[Found]:
    """What was delivered late, short or not at all; what is grave is held, and told there."""
    rows = []
    if home.warehouse.is_file():
        with connect(home.warehouse, read_only=True, wait=False) as connection:
            if connection.execute(
                "select 1 from duckdb_tables() where schema_name = 'marts' and table_name = ?",
                [MART],
            ).fetchone():
                rows = connection.execute(
                    f"select what_is_missing, remedy from marts.{MART} where is_open"
                    " and severity = 'warning' and starts_with(gap, 'delivery') order by all"
                ).fetchall()
    for text, remedy in rows[:SHOWN]:
        yield Found(text, remedy)
    if rows[SHOWN:]:
        yield Found(f"and {len(rows) - SHOWN} more", "csw messages")
    if not rows:
        yield Found("nothing is late or missing")


def _held(home: Home) -> Iterator[Found]:
    findings = held(home)
    for finding in findings:
        name, _, text = finding.partition(": ")
        yield Found(
            text, f'csw refresh after the repair; as it is: csw accept {name} --by "…" --why "…"'
        )
    if not findings:
        yield Found("nothing is held")


def _ledger(home: Home) -> Iterator[Found]:
    wrong = problems(home)
    for problem in wrong[:SHOWN]:
        yield Found(problem, "put ledger/ back from a backup; csw close verify checks again")
    if not wrong:
        yield Found("as this home wrote it")


def _published(home: Home) -> Iterator[Found]:
    manifest = home.published / "manifest.json"
    publication = read_publication(home.published)
    if publication is None:
        is_torn = manifest.exists() and not read_quality(home.published)
        text = f"{manifest} cannot be read." if is_torn else "nothing is published yet."
        yield Found(text, "csw refresh")
        return
    wrong = list(_not_as_published(home.published, publication))
    for text in wrong[:SHOWN]:
        yield Found(text, "csw refresh")
    at = datetime.fromisoformat(publication.published_at)
    is_daily = not (home.read().is_demo or home.fixed_as_of)
    if is_daily and datetime.now(UTC) - at > SILENCE:
        yield Found(
            f"nothing was published since {at:%Y-%m-%d %H:%M} UTC: is the schedule on?",
            "csw refresh; docs/production.md says how to schedule it",
        )
    elif not wrong:
        yield Found(f"as of {publication.as_of_date}, at {at:%Y-%m-%d %H:%M} UTC, whole")


def _not_as_published(folder: Path, publication: Publication) -> Iterator[str]:
    """Compare the files and links with the manifest, which decides."""
    files = {publication.database: publication.database_sha256}
    if publication.quality:
        files[publication.quality.database] = publication.quality.database_sha256
    if publication.report:
        files[publication.report] = ""
    for name, table in publication.marts.items():
        files[f"{publication.parquet}/{name}.parquet"] = table.sha256
    for name, digest in files.items():
        if not (folder / name).is_file():
            yield f"{folder / name} is missing."
        elif digest and sha256_of(folder / name) != digest:
            yield f"{folder / name} is not as it was published."
    for name, file in links(folder).items():
        link = folder / name
        # Of a file that is missing it is said already.
        if not (file and (folder / file).is_file()):
            continue
        if not link.exists() or (link.is_symlink() and link.readlink().as_posix() != file):
            yield f"{link} names another publication than the manifest."


LOOKS: dict[str, Look] = {
    "machine": _machine,
    "versions": _versions,
    "settings": _settings,
    "disk": _disk,
    "locks": _locks,
    "clock": _clock,
    "permissions": _permissions,
    "last runs": _runs,
    "deliveries": _deliveries,
    "held": _held,
    "ledger": _ledger,
    "published": _published,
}
