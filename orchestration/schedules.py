"""The daily run: its job and its schedule."""

from __future__ import annotations

import os
from datetime import timedelta

import dagster as dg

from orchestration.company import Schedule
from orchestration.home import Home

JOB_NAME = "daily_refresh"
TIME_ZONE_VARIABLE = "CSW_TIMEZONE"


def daily_at(home: Home) -> Schedule:
    """Return when the daily refresh runs: as company.yml says, else at 06:00 of CSW_TIMEZONE."""
    if company := home.company:
        return company.schedule
    return Schedule(time_zone=os.environ.get(TIME_ZONE_VARIABLE) or "UTC")


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
    schedule = daily_at(home)
    hour, minute = schedule.at.split(":")

    @dg.schedule(
        name="daily_refresh_schedule",
        job=job,
        cron_schedule=f"{int(minute)} {int(hour)} * * *",
        execution_timezone=schedule.time_zone,
        description=f"Every day at {schedule.at}, {schedule.time_zone}.",
    )
    def daily(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        day = context.scheduled_execution_time.date() - timedelta(days=1)
        as_of = day.isoformat() if home.read().is_demo else ""
        return dg.RunRequest(run_key=day.isoformat(), run_config=session_config(as_of=as_of))

    return daily
