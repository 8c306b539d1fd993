"""Mixpanel's raw export as its documentation describes it: lines of the days of events."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from tests.python.connect.server import Answer, FakeServer, Request, Row

SECRET = "live_secret"
PROJECT = 99


class FakeMixpanel(FakeServer):
    """A project of Mixpanel.

    Attributes:
        now: The moment it is.
        zone: In which the project tells days and times: its own, where it was made before 2023.
        events: All events, as they came.
    """

    def __init__(self, now: datetime, zone: str = "UTC") -> None:
        super().__init__()
        self.now = now
        self.zone = ZoneInfo(zone)
        self.events: list[Row] = []

    def track(self, event: str, at: str, /, person: str, **said: Any) -> Row:
        """Let an event happen, at a moment in UTC; its time is told in the zone of the project."""
        local = datetime.fromisoformat(at).replace(tzinfo=UTC).astimezone(self.zone)
        number = len(self.events) + 1
        row = {
            "event": event,
            "properties": {
                "time": int(local.replace(tzinfo=UTC).timestamp()),
                "distinct_id": person,
                "$insert_id": f"mx-{number}",
                "mp_processing_time_ms": 1_741_255_260_000 + number,
                **said,
            },
        }
        self.events.append(row)
        return row

    def export(self, first: str = "0001-01-01", last: str = "9999-12-31") -> bytes:
        """The lines of some days, the last one too."""
        found = [
            row
            for row in self.events
            if first <= f"{datetime.fromtimestamp(row['properties']['time'], UTC):%Y-%m-%d}" <= last
        ]
        return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in found).encode()

    def answer(self, request: Request) -> Answer:
        expected = base64.b64encode(f"{SECRET}:{SECRET}".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {expected}":
            return Answer({"error": "Unable to authenticate request"}, 401)
        assert request.path == "/api/2.0/export"
        if request.one("project_id") != str(PROJECT):
            return Answer({"error": "Service account has no access to this project"}, 403)
        first, last = str(request.one("from_date")), str(request.one("to_date"))
        if last > f"{self.now.astimezone(self.zone):%Y-%m-%d}":
            return Answer({"error": "to_date cannot be later than today"}, 400)
        lines = self.export(first, last)
        if limit := request.one("limit"):
            lines = b"".join(lines.splitlines(keepends=True)[: int(limit)])
        return Answer(lines)
