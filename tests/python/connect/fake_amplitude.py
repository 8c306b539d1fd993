"""Amplitude's export as its documentation describes it: archives of the hours of upload."""

from __future__ import annotations

import base64
import gzip
import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.python.connect.server import Answer, FakeServer, Request, Row

KEY = "live_key"
HOUR = timedelta(hours=1)


class FakeAmplitude(FakeServer):
    """A project of Amplitude.

    Attributes:
        now: The moment it is: hours can be had two hours after their end.
        events: All events, in the order of their upload.
        largest: How many events an archive may hold: more are more than 4 GB.
    """

    def __init__(self, now: datetime) -> None:
        super().__init__()
        self.now = now
        self.events: list[Row] = []
        self.largest = 1_000

    def track(self, kind: str, at: str, /, uploaded: str | None = None, **said: Any) -> Row:
        """Let an event happen, and be uploaded in the same minute or later."""
        number = len(self.events) + 1
        row = {
            "$insert_id": f"am-{number}",
            "uuid": f"b0000000-0000-4000-8000-{number:012}",
            "app": 180000,
            "event_type": kind,
            "event_time": f"{at}.000000",
            "server_upload_time": f"{uploaded or at}.500000",
            "user_id": None,
            "groups": {},
            "event_properties": {},
            "user_properties": {"plan": "pro"},
            **said,
        }
        self.events.append(row)
        return row

    def export(self, start: datetime, end: datetime) -> bytes | None:
        """The archive of some hours; None where nothing was uploaded."""
        files: dict[str, list[str]] = {}
        for row in self.events:
            uploaded = datetime.fromisoformat(row["server_upload_time"]).replace(tzinfo=UTC)
            if start <= uploaded < end:
                name = f"180000/180000_{uploaded:%Y-%m-%d_}{uploaded.hour}#0.json.gz"
                files.setdefault(name, []).append(json.dumps(row, ensure_ascii=False))
        if not files:
            return None
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for name, lines in files.items():
                archive.writestr(name, gzip.compress("\n".join(lines).encode()))
        return packed.getvalue()

    def answer(self, request: Request) -> Answer:
        expected = base64.b64encode(f"{KEY}:{KEY}".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {expected}":
            return Answer(b"Invalid API key", 401)
        assert request.path == "/api/2/export"
        start, last = (
            datetime.strptime(str(request.one(name)), "%Y%m%dT%H").replace(tzinfo=UTC)
            for name in ("start", "end")
        )
        assert start <= last < start + timedelta(days=365)
        # What was uploaded since is not in any archive yet.
        end = min(last + HOUR, (self.now - 2 * HOUR).replace(minute=0, second=0, microsecond=0))
        packed = self.export(start, end)
        if packed is None:
            return Answer(b"Raw data files were not found", 404)
        count = sum(
            str(start.replace(tzinfo=None)) <= row["server_upload_time"] < str(end)
            for row in self.events
        )
        if count > self.largest:
            return Answer(b"Export is larger than 4GB", 400)
        return Answer(packed)
