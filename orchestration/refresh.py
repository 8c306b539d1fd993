"""A refresh: the daily job, run in this process for one home."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import IO, TYPE_CHECKING

from orchestration.home import Home
from orchestration.manifest import start_parse
from orchestration.progress import Recorder, RunRecord, watching
from orchestration.project import use_home

if TYPE_CHECKING:
    from dagster import ExecuteInProcessResult

LOGS_KEPT = 30


@dataclass
class RefreshResult:
    """How a refresh ended.

    Attributes:
        record: What the run did.
        failures: The steps that failed, each with its reason.
        seconds: How long all of it took.
        log: The file with everything the tools said.
    """

    record: RunRecord
    failures: dict[str, str]
    seconds: float
    log: Path
    notes: list[str] = field(default_factory=list)

    @property
    def succeeded(self) -> bool:
        """Whether the run published."""
        return not self.failures


def refresh(
    home: Home,
    recorder: Recorder,
    *,
    as_of: date | None = None,
    full_refresh: bool = False,
    verbose: bool = False,
) -> RefreshResult:
    """Run the daily job for a home. The home's lock must be held by the caller.

    Args:
        home: The home.
        recorder: Who is told how far the run is.
        as_of: The day of the figures; none: the last complete day of the data.
        full_refresh: Rebuild the incremental tables.
        verbose: Show everything the tools say.

    Returns:
        What happened; a failed step does not raise.
    """
    started = time.monotonic()
    home.create()
    use_home(home)
    log = home.runs / "latest.log"
    with watching(recorder), log.open("w", encoding="utf-8") as log_file:
        with recorder.step("Prepare"), _tools_write_to(log_file, verbose=verbose):
            # dbt parses in its own process while this one imports Dagster and dlt.
            parse = start_parse(home)
            from orchestration.job_runner import run_job  # noqa: PLC0415

            parse.wait()
        with _tools_write_to(log_file, verbose=verbose):
            outcome = run_job(home, as_of=as_of, full_refresh=full_refresh, verbose=verbose)
    kept_log = home.runs / f"{recorder.record.run_id or 'failed'}.log"
    log.replace(kept_log)
    for old in sorted(home.runs.glob("*.log"))[:-LOGS_KEPT]:
        old.unlink()
    return RefreshResult(recorder.record, outcome, time.monotonic() - started, kept_log)


@contextlib.contextmanager
def _tools_write_to(log: IO[str], *, verbose: bool) -> Iterator[None]:
    """Send what the tools print to the run's log, so that the display stays readable."""
    if verbose:
        yield
        return
    handler = logging.StreamHandler(log)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        with contextlib.redirect_stdout(log), contextlib.redirect_stderr(log):
            yield
    finally:
        root.removeHandler(handler)


def failures_of(result: ExecuteInProcessResult) -> dict[str, str]:
    """Return each failed step with the reason it gave, the most telling words only."""
    reasons: dict[str, str] = {}
    for event in result.all_events:
        if event.is_step_failure:
            data = event.step_failure_data
            error = data.error
            cause = error.cause if error and error.cause else error
            if data.user_failure_data and data.user_failure_data.description:
                reason = data.user_failure_data.description
            else:
                reason = cause.message.strip() if cause else "It gave no reason."
            reasons[event.step_key or "run"] = reason
    return reasons
