"""The files of `published/`: how they are called, who may read them, which stay."""

from __future__ import annotations

import shutil
import stat
from contextlib import suppress
from pathlib import Path

from orchestration.state import sync

# DuckDB names a database after its file, and from 1.5 on after the file that a link leads to. BI
# keeps that name, so the file is called the same in each run, in a folder of the run's own. Before
# 1.5 a client cannot tell the schema `marts` from a database `marts`, so the name clashes with none
# of the schemas; the name it had first stays as a link for those who use it.
DATABASE_LINK = "customer_success.duckdb"
FORMER_LINK = "marts.duckdb"
# What the checks found: published also when all else is held.
QUALITY_LINK = "data_quality.duckdb"
REPORT_LINK = "report.html"
# A folder for each run, in folders of these names.
DATABASES, PARQUET = "duckdb", "parquet"
# What versions before wrote beside the links.
FORMER_FILES = {DATABASE_LINK: "marts_*.duckdb", QUALITY_LINK: "data_quality_*.duckdb"}
# Nobody can write what is published: a client that opened it for writing would shut out all others.
# The owner and the group can read it, whatever the umask says.
READ_ONLY, READABLE, FOLDER = 0o440, 0o640, 0o750


def open_to_readers(folder: Path) -> None:
    """Let the group look into a folder; if files in it take its group (setgid), they go on to."""
    folder.chmod(FOLDER | folder.stat().st_mode & stat.S_ISGID)


def move_in(temporary: Path, file: Path) -> Path:
    """Put a file that was written in its place, kept by the disk, for nobody to write.

    Args:
        temporary: The file as it was written.
        file: Its place; the folder is made when it is not there.
    """
    sync(temporary)
    temporary.chmod(READ_ONLY)
    if not file.parent.is_dir():
        file.parent.mkdir()
        open_to_readers(file.parent)
        sync(file.parent.parent)
    temporary.replace(file)
    sync(file.parent)
    return file


def close_to_writers(target: Path) -> None:
    """Let nobody write what is published: versions before left that to the umask.

    A file of another user stays as it is; `csw doctor` names it.
    """
    for file in (*target.rglob("*.duckdb"), *target.rglob("*.parquet")):
        if not file.is_symlink() and stat.S_IMODE(file.stat().st_mode) != READ_ONLY:
            with suppress(PermissionError):
                file.chmod(READ_ONLY)


def point_link(link: Path, file: Path) -> None:
    """Make a link name a file; a copy where links cannot be made."""
    if _names(link, file):
        return
    temporary = link.with_name(f".{link.name}.tmp")
    temporary.unlink(missing_ok=True)
    try:
        temporary.symlink_to(file.relative_to(link.parent))
    except (OSError, NotImplementedError):
        shutil.copy2(file, temporary)
    temporary.replace(link)
    sync(link.parent)


def _names(link: Path, file: Path) -> bool:
    if link.is_symlink() or not link.is_file():
        return link.is_symlink() and link.readlink() == file.relative_to(link.parent)
    copy, original = link.stat(), file.stat()
    return (copy.st_size, copy.st_mtime_ns) == (original.st_size, original.st_mtime_ns)


def remove_leftovers(target: Path) -> None:
    """Remove what a run that was killed left half written."""
    for leftover in [*target.glob(".*.tmp*"), *(target / PARQUET).glob(".*.tmp")]:
        if leftover.is_dir():
            shutil.rmtree(leftover)
        else:
            leftover.unlink()
    _remove_empty(target)


def _remove_empty(target: Path) -> None:
    for folder in (target / DATABASES).glob("*"):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def remove_old(target: Path, used: set[Path], *, keep: int) -> None:
    """Keep the newest publications: a run's id begins with its time, so names are in its order.

    Args:
        target: The folder of the published files.
        used: Files and folders that the manifest names: they stay, however old they are.
        keep: How many of each kind stay.
    """
    files = [
        [*_newest(target, f"{DATABASES}/*/{name}"), *_newest(target, FORMER_FILES[name])]
        for name in FORMER_FILES
    ]
    for kind in (*files, _newest(target, "report_*.html")):
        for file in kind[keep:]:
            if file not in used:
                file.unlink()
    _remove_empty(target)
    folders = [path for path in _newest(target, f"{PARQUET}/*") if path.is_dir()]
    for folder in folders[keep:]:
        if folder not in used:
            shutil.rmtree(folder)


def _newest(target: Path, pattern: str) -> list[Path]:
    return sorted(target.glob(pattern), reverse=True)
