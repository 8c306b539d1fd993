"""Single faults, each tried on a copy of a home that is sound."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from chaos.clock import clock_off_by
from chaos.companies import FIRST_DAY
from chaos.comparing import differing
from chaos.place import Place
from chaos.running import Command, csw, merged
from chaos.sleeping import differences, morning_after
from chaos.tally import Tally

ROOM = (50_000, 400_000, 1_500_000, 4_000_000, 9_000_000)
PUBLISHING_ROOM = 40_000
PLENTY = "2g"
FULL = ("disk is full",)
TOO_LARGE = ("limit on the size of files", "The disk refuses")
POINTER, HOME = "published/manifest.json", "home.json"
# What the home remembers by: a glob, and the words of a refusal where a person is needed.
STATE = {
    "dbt/last_build.json": (),
    "dbt/target/manifest_stamp.json": (),
    "dbt/target/manifest.json": (),
    "dbt/target/partial_parse.msgpack": (),
    "dbt/target/run_results.json": (),
    POINTER: (),
    ".lock": (),
    "dagster/dagster.yaml": (),
    "dlt/*/state.json": (),
    "dlt/*/schemas/*.json": (),
    "dagster/history/runs.db": ("history of the runs is damaged",),
    HOME: ("says whose home this is",),
}
HOLDER = "import sys, time, duckdb; c = duckdb.connect(sys.argv[1], read_only=True); print(flush=1)"
HELD_SECONDS = 12
AS_OF = ("2024-02-29", "2024-12-31", "2025-01-01", "2025-02-28")


def disk_full_while_publishing(place: Place) -> Tally:
    """Publish into a folder whose disk is full."""
    tally = Tally("disk full while publishing")
    if os.geteuid():
        tally.skipped = "only root can make a small disk"
        return tally
    home = place.copy()
    published = home / "published"
    aside = home.with_name(f"{home.name}_published")
    shutil.move(published, aside)
    published.mkdir()
    with _disk(published, _size(aside) + PUBLISHING_ROOM) as grow:
        shutil.copytree(aside, published, symlinks=True, dirs_exist_ok=True)

        def run() -> object:
            ended = place.refresh(home)
            grow()
            return ended

        place.disturb(tally, home, run, *FULL)
    return tally


def disk_full(place: Place) -> Tally:
    """Refresh on a disk that gets full somewhere."""
    tally = Tally("disk full, wherever it gets so")
    if os.geteuid():
        tally.skipped = "only root can make a small disk"
        return tally
    for number, room in enumerate(ROOM):
        home = place.folder / f"small_disk{number}"
        home.mkdir()
        with _disk(home, _size(place.ready) + room) as grow:
            place.copy(home)

            def run(home: Path = home, grow: Callable[[], None] = grow) -> object:
                ended = place.refresh(home)
                grow()
                return ended

            place.disturb(tally, home, run, *FULL)
    return tally


def no_file_may_grow(place: Place) -> Tally:
    """Refresh where no file may be larger than so much."""
    tally = Tally("no file may be larger (RLIMIT_FSIZE)")
    for _ in range(3):
        home = place.copy()
        kilobytes = place.chance.choice((8, 64, 256, 1024, 4096))
        limit = ("sh", "-c", f'ulimit -f {2 * kilobytes} && exec "$@"', "sh")
        place.disturb(tally, home, partial(place.refresh, home, prefix=limit), *TOO_LARGE)
    return tally


def unreadable_state(place: Place) -> Tally:
    """Tear each file by which a home remembers: emptied, halved, zeros, or no text."""
    tally = Tally("state that cannot be read, file by file")
    for pattern, said in STATE.items():
        home = place.copy()
        files = sorted(home.glob(pattern))
        if not files:
            tally.notes.append(f"there is no {pattern} to tear")
            continue
        for file in files:
            whole, status = file.read_bytes(), file.stat()
            half = whole[: len(whole) // 2]
            torn = place.chance.choice((b"", half, b"\0" * len(whole), b"\xff\xfe{"))
            file.chmod(0o600)
            file.write_bytes(torn)
            # As after a power cut: the time of the file is the one that was noted.
            os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
        with place.tried(tally, home, is_torn=pattern == POINTER) as wrong:
            if said:
                ended = place.refresh(home)
                tally.said(ended)
                # A file of SQLite that was emptied is a new one; whose home it is, nobody guesses.
                refused = ended.code and all(word in ended.output for word in said)
                if not refused and (ended.code or pattern == HOME):
                    wrong.append(f"{pattern} was torn, and it says:\n{ended.output}")
                files[0].write_bytes(whole)
    return tally


def reader_of_the_warehouse(place: Place) -> Tally:
    """Refresh while somebody has the warehouse open."""
    tally = Tally(f"a reader holds warehouse.duckdb for {HELD_SECONDS} s")
    home = place.copy()
    with place.tried(tally, home):
        code = f"{HOLDER}; time.sleep({HELD_SECONDS})"
        command = [sys.executable, "-c", code, str(home / "warehouse.duckdb")]
        reader = subprocess.Popen(command, stdout=subprocess.PIPE)
        if reader.stdout:
            reader.stdout.readline()
    reader.wait()
    return tally


def clock_goes_back(place: Place) -> Tally:
    """Refresh with a clock that is behind, and then with the right one."""
    tally = Tally("the clock goes back two days, then is right again")
    home = place.copy()
    settings = clock_off_by(place.folder, timedelta(days=-2))
    if settings is None:
        tally.skipped = "needs Linux and a C compiler"
        return tally
    with place.tried(tally, home) as wrong:
        ended = place.refresh(home, **settings)
        tally.said(ended)
        if not ended.code or "The clock of this machine" not in ended.output:
            wrong.append(f"the clock was behind, and it says:\n{ended.output}")
    return tally


def as_of_days(place: Place) -> Tally:
    """Refresh as of the odd days of the calendar, one after the other."""
    tally = Tally("as of 29 February, the ends of years, 28 February")
    home, at_once = place.copy(), place.copy()
    for day in AS_OF:
        with place.tried(tally, home) as wrong:
            ended = place.refresh(home, "--as-of", day)
            tally.said(ended)
            if ended.code:
                wrong.append(f"as of {day}:\n{ended.output}")
            elif day == AS_OF[-1]:
                place.refresh(at_once, "--as-of", day, "--full-refresh")
                if other := differing(at_once, home, place.company.of_runs):
                    wrong.append(f"as of {day}, other than at once: {', '.join(other)}")
    return tally


def two_users(place: Place) -> Tally:
    """Refresh twice at the same time, and ask for the status meanwhile."""
    tally = Tally("two refreshes at once, and a look at the status")
    home = place.copy()
    with place.tried(tally, home) as wrong:
        settings = place.company.settings(home)
        commands = [Command(*place.company.refresh(home, 1), **settings) for _ in range(2)]
        status = csw("status", **settings)
        ended = [command.end() for command in commands]
        for each in (*ended, status):
            tally.said(each)
        codes = sorted(each.code for each in ended)
        if codes != [0, 3]:
            wrong.append(f"two at once ended with {codes}, not one of them with 3")
        refused = next((each.output for each in ended if each.code), "")
        if "Another process works in" not in refused:
            wrong.append(f"the second was not told of the first:\n{refused}")
        if status.code not in (0, 3):
            wrong.append(f"status meanwhile:\n{status.output}")
    return tally


def read_only_disk(place: Place) -> Tally:
    """Refresh on a file system that cannot be written."""
    tally = Tally("a file system that can only be read")
    if os.geteuid():
        tally.skipped = "only root can mount"
        return tally
    home = place.copy()
    _mount("--bind", home, home)
    try:
        _mount("-o", "remount,bind,ro", home)

        def run() -> object:
            ended = place.refresh(home)
            _mount("-o", "remount,bind,rw", home)
            return ended

        place.disturb(tally, home, run, "can only be read")
    finally:
        subprocess.run(["umount", str(home)], check=True)
    return tally


def skipped_days(place: Place) -> Tally:
    """Sleep for days, and compare with a home that was refreshed on each, on the morning after.

    The clock is that of the mornings: what was loaded when is part of what is compared.
    """
    tally = Tally(f"{place.days} days slept through, against {place.days} daily runs")
    if clock_off_by(place.folder, timedelta()) is None:
        tally.skipped = "needs Linux and a C compiler"
        return tally
    company, daily, slept = place.company, place.folder / "daily", place.folder / "slept"
    tally.tried = 1

    def refresh(home: Path, day: int) -> None:
        company.deliver(home, day)
        off = morning_after(FIRST_DAY + timedelta(days=day)) - datetime.now(UTC)
        settings = merged(company.settings(home), clock_off_by(place.folder, off) or {})
        ended = csw(*company.refresh(home, day), **settings)
        if not tally.said(ended) or ended.code:
            tally.notes.append(f"{home.name} failed on day {day}:\n{ended.output}")

    refresh(daily, 0)
    shutil.copytree(daily, slept, symlinks=True)
    for day in range(1, place.days + 1):
        refresh(daily, day)
    refresh(slept, place.days)
    if not tally.notes:
        tally.notes += map(str, differences(daily, slept, company.of_days))
    tally.survived = int(not tally.notes)
    return tally


FAULTS: dict[str, Callable[[Place], Tally]] = {
    fault.__name__.replace("_", "-"): fault
    for fault in (
        disk_full_while_publishing,
        disk_full,
        no_file_may_grow,
        read_only_disk,
        unreadable_state,
        reader_of_the_warehouse,
        clock_goes_back,
        as_of_days,
        two_users,
        skipped_days,
    )
}


@contextmanager
def _disk(folder: Path, size: int) -> Iterator[Callable[[], None]]:
    """Put a disk of so many bytes at a folder; what it yields makes it large."""
    # Memory is given by pages, a file takes whole ones.
    _mount("-t", "tmpfs", "-o", f"size={size}", "none", folder)
    try:
        yield lambda: _mount("-o", f"remount,size={PLENTY}", folder)
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def _mount(*arguments: object) -> None:
    subprocess.run(["mount", *map(str, arguments)], check=True)


def _size(folder: Path) -> int:
    """Return what a folder takes on a disk of pages."""
    page = 4096
    sizes = (path.lstat().st_size for path in folder.rglob("*"))
    return sum(-(-size // page) * page + page for size in sizes)
