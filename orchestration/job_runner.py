"""The daily job in this process. Importing this module imports Dagster, dbt and dlt."""

from __future__ import annotations

from datetime import date

from orchestration.definitions import build_definitions
from orchestration.home import Home
from orchestration.instance import (
    COMMAND_LINE,
    LAUNCHED_BY_TAG,
    cancel_abandoned_runs,
    open_instance,
)
from orchestration.refresh import failures_of
from orchestration.schedules import JOB_NAME, session_config


def run_job(home: Home, *, as_of: date | None, full_refresh: bool, verbose: bool) -> dict[str, str]:
    """Run the daily job, and return the steps that failed with their reasons."""
    job = build_definitions(home).resolve_job_def(JOB_NAME)
    instance = open_instance(home)
    try:
        cancel_abandoned_runs(instance)
        config = session_config(as_of=as_of.isoformat() if as_of else "", full_refresh=full_refresh)
        level = "INFO" if verbose else "ERROR"
        result = job.execute_in_process(
            instance=instance,
            run_config={**config, "loggers": {"console": {"config": {"log_level": level}}}},
            raise_on_error=False,
            tags={LAUNCHED_BY_TAG: COMMAND_LINE},
        )
        failures = failures_of(result)
        if not result.success and not failures:
            failures = {"run": "The run ended before its first step; see the log."}
        return failures
    finally:
        instance.dispose()
