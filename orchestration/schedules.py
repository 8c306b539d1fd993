"""When the refresh runs: its job, its schedule, and the sensor of whole deliveries."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import dagster as dg

from orchestration.home import Home

JOB_NAME = "daily_refresh"
SECONDS_BETWEEN_LOOKS = 60


def session_config(*, as_of: str = "", full_refresh: bool = False) -> dict[str, object]:
    """Return the run config that asks for a day."""
    config = {"as_of": as_of, "full_refresh": full_refresh}
    return {"resources": {"session": {"config": config}}}


def build_job() -> dg.JobDefinition:
    """Return the one job: everything, from the sources to the published file."""
    return dg.define_asset_job(
        name=JOB_NAME,
        selection=dg.AssetSelection.all(),
        description="Load, build, test and publish. `make refresh` runs the same job.",
    )


def build_schedule(home: Home, job: dg.JobDefinition) -> dg.ScheduleDefinition:
    """Return the schedule: each morning, for the day before.

    A company with files gets the last complete day of what was delivered, so a late delivery is
    never shown as a day without customers.
    """
    schedule = home.schedule
    hour, minute = schedule.at.split(":")

    @dg.schedule(
        name="daily_refresh_schedule",
        job=job,
        cron_schedule=f"{int(minute)} {int(hour)} * * *",
        execution_timezone=schedule.time_zone,
        description=f"Every day at {schedule.at}, {schedule.time_zone}.",
        default_status=(
            dg.DefaultScheduleStatus.RUNNING if schedule.on else dg.DefaultScheduleStatus.STOPPED
        ),
    )
    def daily(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        day = context.scheduled_execution_time.date() - timedelta(days=1)
        as_of = day.isoformat() if home.read().is_demo else ""
        return dg.RunRequest(run_key=day.isoformat(), run_config=session_config(as_of=as_of))

    return daily


def build_delivery_sensor(home: Home, job: dg.JobDefinition) -> dg.SensorDefinition | None:
    """Return the sensor that starts a refresh when a delivery is whole.

    Whoever delivers takes the marker away before they write, and sets it anew when they are done.
    A refresh reads all folders, so it waits until each has its marker, and one of them a new one.

    Returns:
        None where company.yml names no marker, or no system comes as files.
    """
    config = home.read()
    marker = home.schedule.marker
    markers = {system: Path(folder, marker) for system, folder in config.folders.items() if marker}
    if not markers:
        return None

    @dg.sensor(
        name="whole_delivery_sensor",
        job=job,
        minimum_interval_seconds=SECONDS_BETWEEN_LOOKS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Refreshes when {marker} is new in a folder, and there in each.",
    )
    def whole_delivery(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        set_at = {system: _time_of(path) for system, path in markers.items()}
        lacking = [str(markers[system]) for system, time in set_at.items() if time is None]
        if lacking:
            return dg.SkipReason(f"Not whole yet: there is no {', '.join(lacking)}.")
        state = json.dumps(set_at, sort_keys=True)
        if state == context.cursor:
            return dg.SkipReason("Nothing was delivered since the last refresh that was asked for.")
        return dg.SensorResult(
            run_requests=[dg.RunRequest(run_key=state, run_config=session_config())], cursor=state
        )

    return whole_delivery


def _time_of(path: Path) -> int | None:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return None
