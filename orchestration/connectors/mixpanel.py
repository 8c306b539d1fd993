"""Mixpanel's raw events by their days, with the time in UTC beside it."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import IO
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from orchestration.connectors.contract import Resource
from orchestration.connectors.drop import Row
from orchestration.connectors.fetching import Fetching, Reader
from orchestration.connectors.http import Api
from orchestration.connectors.road import ConnectError

DAY = timedelta(days=1)
# So many a request: two years are 25 of the 60 that are allowed in an hour.
DAYS = 30
# A time above it is in milliseconds.
SECONDS_BELOW = 100_000_000_000
LONGEST_LINE = 8 * 1024 * 1024


def _events(fetching: Fetching) -> None:
    """Events by their days, those of the last week again: some come late."""
    zone = _zone(fetching.api)
    day = fetching.since_or_start().astimezone(zone).date()
    last, again = (m.astimezone(zone).date() for m in (fetching.drop.begun, fetching.next_since))
    while day <= last:
        end = min(day + (DAYS - 1) * DAY, last)
        for row in _happened(fetching.api, fetching.resource, day, end):
            told = _told(row)
            happened = told.replace(tzinfo=zone).astimezone(UTC)
            fetching.write_event(
                {**row, "occurred_at": happened.isoformat()}, comes_again=told.date() >= again
            )
        day = end + DAY
        fetching.reach(datetime.combine(day, time(), zone))


def _happened(api: Api, resource: Resource, start: date, end: date, **more: int) -> Iterator[Row]:
    """The events of some days, the last one too."""
    project = api.options["project_id"]
    params = {"project_id": project, "from_date": str(start), "to_date": str(end), **more}
    with tempfile.TemporaryFile() as target:
        api.download(resource, params, target, _is_whole)
        for number, line in enumerate(target, 1):
            try:
                row: Row = json.loads(line)
            except ValueError:
                raise ConnectError(
                    f"Mixpanel, events: line {number} of the export from {start} to {end} is no"
                    " event. What was fetched before is kept; run it again"
                ) from None
            yield row


def _is_whole(target: IO[bytes]) -> bool:
    """Whether the last line is an event: an export that breaks ends in the middle of one."""
    size = target.seek(0, os.SEEK_END)
    target.seek(max(0, size - LONGEST_LINE))
    lines = target.read().splitlines()
    try:
        return not lines or isinstance(json.loads(lines[-1]), dict)
    except ValueError:
        return False


def _told(row: Row) -> datetime:
    """The time of an event as the project tells it."""
    seconds = row["properties"]["time"]
    seconds = seconds if seconds < SECONDS_BELOW else seconds / 1000
    return datetime.fromtimestamp(seconds, tz=UTC).replace(tzinfo=None)


def _zone(api: Api) -> ZoneInfo:
    """The zone in which the project tells its days and times: UTC, or its own before 2023.

    Raises:
        ConnectError: There is no zone of that name.
    """
    name = str(api.options.get("time_zone") or "UTC")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ConnectError(
            f"Mixpanel: there is no time zone '{name}'. Write the one of the project's settings as"
            " Europe/Berlin, or none for a project that was made since 2023"
        ) from None


def look(api: Api, resource: Resource) -> str:
    """Whether yesterday has events."""
    day = datetime.now(UTC).astimezone(_zone(api)).date() - DAY
    found = any(True for _ in _happened(api, resource, day, day, limit=1))
    return f"{resource.history}; {'some' if found else 'none'} on {day}"


READERS: dict[str, Reader] = {"events": _events}
