"""Amplitude's archives of events, by the hour of their upload."""

from __future__ import annotations

import gzip
import json
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import IO

from orchestration.connectors.contract import Resource
from orchestration.connectors.drop import Row
from orchestration.connectors.fetching import Fetching, Reader
from orchestration.connectors.http import Api
from orchestration.connectors.road import ConnectError, RefusedError

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# So long after its end an hour can be had.
UNTIL_READY = timedelta(hours=2)


def _events(fetching: Fetching) -> None:
    """Events by days of their upload; by less where a day is too large for an archive."""
    at, until = _hour(fetching.since_or_start()), _ready(fetching.drop.begun)
    again = _hour(fetching.next_since)
    window = DAY
    while at < until:
        end = min(at + window, until)
        try:
            for row in _uploaded(fetching.api, fetching.resource, at, end):
                uploaded = datetime.fromisoformat(row["server_upload_time"]).replace(tzinfo=UTC)
                fetching.write_event(row, comes_again=uploaded >= again)
        except RefusedError as problem:
            if end - at <= HOUR:
                raise ConnectError(
                    f"{problem}. If the hour from {at:%Y-%m-%d %H:%M} on has more than 4 GB, let"
                    " Amplitude export to S3 and bring these files by road: files"
                ) from None
            window = max(HOUR, _hours((end - at) / 2))
            continue
        fetching.reach(end)
        at, window = end, min(2 * window, DAY)


def _uploaded(api: Api, resource: Resource, start: datetime, end: datetime) -> Iterator[Row]:
    """The events that were uploaded between two whole hours."""
    params = {"start": f"{start:%Y%m%dT%H}", "end": f"{end - HOUR:%Y%m%dT%H}"}
    with tempfile.TemporaryFile() as target:
        if not api.download(resource, params, target, _is_whole, may_be_none=True):
            return
        with zipfile.ZipFile(target) as archive:
            names = sorted(name for name in archive.namelist() if name.endswith(".gz"))
            for name in names:
                with archive.open(name) as packed, gzip.open(packed) as lines:
                    yield from map(json.loads, lines)


def _is_whole(target: IO[bytes]) -> bool:
    if not zipfile.is_zipfile(target):
        return False
    with zipfile.ZipFile(target) as archive:
        return archive.testzip() is None


def look(api: Api, resource: Resource) -> str:
    """What was uploaded in the last hour that can be had."""
    end = _ready(datetime.now(UTC))
    count = sum(1 for _ in _uploaded(api, resource, end - HOUR, end))
    return f"{resource.history}; {count} in the hour from {end - HOUR:%Y-%m-%d %H:%M} UTC on"


def _hour(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _ready(moment: datetime) -> datetime:
    """The end of the last hour that can be had."""
    return _hour(moment - UNTIL_READY)


def _hours(length: timedelta) -> timedelta:
    return length // HOUR * HOUR


READERS: dict[str, Reader] = {"events": _events}
