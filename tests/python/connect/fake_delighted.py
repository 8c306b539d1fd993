"""Delighted as its API reference describes it: pages by number, by creation or by change."""

from __future__ import annotations

import base64
import csv
import json
from pathlib import Path

from tests.python.connect.server import Answer, FakeServer, Request, Row

KEY = "delighted-key"
NUMBERS = ("score", "created_at", "updated_at")


class FakeDelighted(FakeServer):
    """A project of Delighted and its answers."""

    def __init__(self, page: int = 100) -> None:
        super().__init__()
        self.responses: list[Row] = []
        self.page = page

    def seed(self, folder: Path) -> None:
        """Take the answers of an export."""
        with (folder / "survey_responses.csv").open(encoding="utf-8") as lines:
            for row in csv.DictReader(lines):
                whole = {key: value or None for key, value in row.items()}
                numbers = {name: int(row[name]) for name in NUMBERS}
                properties = {"person_properties": json.loads(row["person_properties"])}
                self.responses.append(whole | numbers | properties)

    def answer(self, request: Request) -> Answer:
        expected = base64.b64encode(f"{KEY}:".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {expected}":
            return Answer({"message": "Unauthorized"}, status=401)
        since = int(request.one("since") or 0)
        changed = int(request.one("updated_since") or 0)
        rows = [
            row
            for row in self.responses
            if row["created_at"] >= since and (row["updated_at"] or 0) >= changed
        ]
        if request.one("order") == "desc:updated_at":
            rows.sort(key=lambda row: row["updated_at"] or 0, reverse=True)
        else:
            rows.sort(key=lambda row: row["created_at"])
        size = min(int(request.one("per_page") or 20), self.page)
        begin = (int(request.one("page") or 1) - 1) * size
        return Answer([self._shown(row, request) for row in rows[begin : begin + size]])

    @staticmethod
    def _shown(row: Row, request: Request) -> Row:
        shown = {key: value for key, value in row.items() if key != "person_email"}
        if "person" in request.query.get("expand[]", []):
            shown["person"] = {"id": row["person"], "email": row["person_email"]}
        return shown
