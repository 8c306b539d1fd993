"""What stops a command: told in words, with what to do, and by an exit code."""

from __future__ import annotations

import re
import sys
import tempfile
import traceback
from contextlib import suppress
from dataclasses import dataclass
from io import TextIOWrapper
from typing import Any

import typer
from rich.console import Console
from typer.core import TyperGroup

# docs/operations.md tells the codes; 2 is click's own, for a command that is written wrong.
FAILED, HELD, MACHINE, UNKNOWN = 1, 3, 4, 70
# Typer tells these itself: BadParameter's parents are click's, wherever Typer has them from.
TOLD = (typer.Exit, typer.Abort, *typer.BadParameter.__mro__[1:3], BrokenPipeError, EOFError)
# Their standard output is for the answer: it may go into a file.
ANSWERING = ("query", "vars")


class ExplainedError(Exception):
    """An error whose text says what is wrong and what to do: no more than that is shown."""

    exit_code = FAILED
    # Whether it may be gone in some minutes: somebody else's lock, server or network.
    may_pass = False


@dataclass(frozen=True)
class Trouble:
    """Something of the machine that stops tools, by the words in which they say so.

    Attributes:
        words: What the tools say.
        advice: What it means and what to do.
    """

    words: str
    advice: str


TROUBLES = (
    Trouble(
        r"No space left on device|Disk quota exceeded|database or disk is full",
        "The disk is full. Free some space, then run again: what is published is unchanged.",
    ),
    Trouble(
        r"File too large",
        "A limit on the size of files is in the way (`ulimit -f`, LimitFSIZE of a unit), or the "
        "file system takes no files of that size. Raise it, then run again.",
    ),
    Trouble(
        r"disk I/O error|Input/output error",
        "The disk refuses to read or write a file: it is full, files are limited (`ulimit -f`), or "
        "it is broken (`dmesg` tells).",
    ),
    Trouble(
        r"Read-only file system|attempt to write a readonly database",
        "The home is on a file system that can only be read. Make it writable, or set CSW_HOME to "
        "a folder that is.",
    ),
    Trouble(
        r"Permission denied|Operation not permitted",
        "This user may not use a file of the home. Run the command as the user whom the home "
        "belongs to, or give it to this one (chown).",
    ),
    Trouble(
        r"Out of Memory|failed to allocate|Cannot allocate memory",
        "The memory was not enough. Give DuckDB more (CSW_MEMORY_LIMIT=8GB), or close something.",
    ),
    Trouble(
        r"not a valid DuckDB database|replaying WAL|database has been invalidated|Corrupt database",
        "The DuckDB file is damaged. Put warehouse.duckdb back from a backup; without one, move it "
        "away: the next refresh loads everything that the sources still have.",
    ),
    Trouble(
        r"database disk image is malformed|file is not a database",
        "The history of the runs is damaged. Move the folder dagster/ of the home away: it holds "
        "no figures, and the next refresh begins another.",
    ),
    Trouble(
        r"DagsterExecutionInterruptedError",
        "Somebody or something stopped the run (Ctrl-C, a time limit, a shutdown). What is "
        "published is unchanged; run again, and what was loaded is not loaded twice.",
    ),
)


def advice_on(said: str) -> str | None:
    """Return what a tool's words mean and what to do; None where they are about something else."""
    return next((each.advice for each in TROUBLES if re.search(each.words, said)), None)


def explain(error: BaseException) -> tuple[str, int]:
    """Return the text to show for an error, and the exit code."""
    chain = [error]
    while (inner := chain[-1].__cause__ or chain[-1].__context__) and inner not in chain:
        chain.append(inner)
    if isinstance(error, ExplainedError):
        return str(error), error.exit_code
    for each in chain:
        if advice := advice_on(str(each)):
            return f"{advice}\n({_line(each)})", MACHINE
    if isinstance(error, OSError):
        return _line(error), MACHINE
    kept = _keep(error)
    where = f" Where it came from is in {kept}." if kept else ""
    return f"The program met an error that it does not know: {_line(error)}.{where}", UNKNOWN


def _line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


def _keep(error: BaseException) -> str | None:
    """Keep the traceback where it is in nobody's way; a full disk keeps none."""
    with (
        suppress(OSError),
        tempfile.NamedTemporaryFile(
            "w", prefix="csw_error_", suffix=".txt", delete=False, errors="backslashreplace"
        ) as file,
    ):
        file.writelines(traceback.format_exception(error))
        return file.name
    return None


class ExplainingGroup(TyperGroup):
    """The command line's one place where an error becomes a text and an exit code."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401
        """Run the command."""
        for stream in (sys.stdout, sys.stderr):
            # A file's name may be no text; it is shown all the same.
            if isinstance(stream, TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
        try:
            return super().invoke(ctx)
        except TOLD:
            raise
        except Exception as error:
            text, code = explain(error)
            stream = sys.stderr if ctx.invoked_subcommand in ANSWERING else sys.stdout
            Console(file=stream).print(
                text, style="red", highlight=False, markup=False, soft_wrap=True
            )
            raise typer.Exit(code) from error
