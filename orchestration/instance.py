"""The Dagster instance of a home: its runs, events and schedules, below `<home>/dagster`."""

from __future__ import annotations

from typing import Any

import yaml
from dagster import DagsterInstance, DagsterRunStatus, RunsFilter
from dagster._core.instance.ref import InstanceRef

from orchestration.home import Home
from orchestration.state import write_text

WAREHOUSE_POOL = "warehouse"
# Set on the runs of the command line, which reports its failures itself.
LAUNCHED_BY_TAG = "csw/launched_by"
COMMAND_LINE = "command line"

UNFINISHED = [
    DagsterRunStatus.NOT_STARTED,
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
    DagsterRunStatus.CANCELING,
]


def instance_settings(home: Home) -> dict[str, Any]:
    """Return what `dagster.yaml` of a home says."""
    history = home.dagster / "history"
    return {
        "telemetry": {"enabled": False},
        # No request for an e-mail address over the first page.
        "nux": {"enabled": False},
        # One run at a time writes the warehouse: everything that does is in one pool of 1.
        "concurrency": {"pools": {"default_limit": 1, "granularity": "run"}},
        "run_storage": {
            "module": "dagster._core.storage.runs",
            "class": "SqliteRunStorage",
            "config": {"base_dir": str(history)},
        },
        "event_log_storage": {
            "module": "orchestration.event_log",
            "class": "PooledSqliteEventLogStorage",
            "config": {"base_dir": str(history / "runs")},
        },
        "schedule_storage": {
            "module": "dagster._core.storage.schedules",
            "class": "SqliteScheduleStorage",
            "config": {"base_dir": str(home.dagster / "schedules")},
        },
    }


def write_instance_settings(home: Home) -> None:
    """Write `dagster.yaml` of a home; it holds the home's own path, so it is written anew."""
    home.create()
    text = "# Written by csw at each start.\n" + yaml.safe_dump(instance_settings(home))
    write_text(home.dagster / "dagster.yaml", text)


def open_instance(home: Home) -> DagsterInstance:
    """Open the home's instance for a run in this process.

    The command line writes its own log, so Dagster's capture of each step's output (two more
    processes per step) is left out.
    """
    write_instance_settings(home)
    no_capture = {
        "compute_logs": {
            "module": "dagster._core.storage.noop_compute_log_manager",
            "class": "NoOpComputeLogManager",
        }
    }
    reference = InstanceRef.from_dir(str(home.dagster), overrides=no_capture)
    return DagsterInstance.from_ref(reference)


def cancel_abandoned_runs(instance: DagsterInstance) -> int:
    """Close the runs of a command line that was killed; they would block the queue for ever.

    Only called while the home's lock is held, so no such run can still be alive.
    """
    abandoned = instance.get_runs(
        RunsFilter(statuses=UNFINISHED, tags={LAUNCHED_BY_TAG: COMMAND_LINE})
    )
    for run in abandoned:
        instance.report_run_canceled(run, message="The process that ran it ended before the run.")
    return len(abandoned)
