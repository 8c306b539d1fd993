"""PostHog as its API reference describes it: SQL over events and groups, by a project's key."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb

from tests.python.connect.server import Answer, FakeServer, Request, Row

KEY = "phx_live_read_only"
PROJECT = 4711
SCOPES = frozenset({"query:read", "group:read"})
# Functions of ClickHouse that a query may use.
FUNCTIONS = (
    "create macro toString(x) as cast(x as varchar)",
    "create macro toTimeZone(x, zone) as x",
    "create macro toDateTime64(x, digits, zone) as cast(x as timestamp)",
)


class FakePosthog(FakeServer):
    """A project of PostHog.

    Attributes:
        scopes: What the key may do.
        group_types: Names of the types of groups, in the order of their index.
    """

    def __init__(self) -> None:
        super().__init__()
        self.scopes = set(SCOPES)
        self.group_types = ["company", "project"]
        self._store = duckdb.connect()
        self._store.execute("set timezone = 'UTC'")
        self._store.execute(
            "create table events (uuid uuid, event varchar, distinct_id varchar, person_id varchar,"
            " properties varchar, timestamp timestamp, created_at timestamp)"
        )
        self._store.execute(
            "create table groups (index bigint, key varchar, properties varchar,"
            " created_at timestamp, updated_at timestamp, primary key (index, key))"
        )
        for function in FUNCTIONS:
            self._store.execute(function)

    def capture(self, event: str, person: str, at: str, /, late: timedelta | None = None,
                key: int | None = None, **properties: Any) -> str:  # fmt: skip
        """Let an event happen; it arrives two seconds later, or as late as is said.

        PostHog writes the keys of groups beside `$groups`, by the index of their type.
        """
        happened = datetime.fromisoformat(at)
        arrived = happened + (late or timedelta(seconds=2))
        for name, value in dict(properties.get("$groups", {})).items():
            properties[f"$group_{self.group_types.index(name)}"] = value
        number = key if key is not None else self._count() + 1
        name = str(uuid.UUID(int=(0x0195 << 112) + number))
        row = [name, event, person, f"p-{person}", json.dumps(properties), happened, arrived]
        self._store.execute("delete from events where uuid = ?", [name])
        self._store.execute("insert into events values (?, ?, ?, ?, ?, ?, ?)", row)
        return name

    def _count(self) -> int:
        return int(self._store.execute("select count(*) from events").fetchall()[0][0])

    def merge(self, person: str, into: str) -> None:
        """Make two persons one: past events are the other's, by their person alone."""
        self._store.execute(
            "update events set person_id = ? where person_id = ?", [f"p-{into}", f"p-{person}"]
        )

    def group(self, index: int, key: str, **properties: Any) -> None:
        """Set what is known of a group."""
        row = [index, key, json.dumps(properties)]
        self._store.execute(
            "insert or replace into groups values (?, ?, ?, '2024-01-02 03:04:05', now())", row
        )

    def batch_export(self) -> str:
        """All events as a batch export writes them."""
        found = self._store.execute("select * from events order by timestamp").fetchall()
        lines = [
            {
                "uuid": str(key),
                "event": event,
                "distinct_id": person,
                "person_id": person_id,
                "properties": json.loads(properties),
                "person_properties": {"email": f"{person}@mail.example"},
                "elements_chain": "",
                "timestamp": happened.replace(tzinfo=UTC).isoformat(timespec="microseconds"),
                "created_at": arrived.replace(tzinfo=UTC).isoformat(timespec="microseconds"),
            }
            for key, event, person, person_id, properties, happened, arrived in found
        ]
        return "".join(f"{json.dumps(each, ensure_ascii=False)}\n" for each in lines)

    def answer(self, request: Request) -> Answer:
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            return _error(401, "authentication_failed", "Invalid personal API key.")
        place = f"/api/projects/{PROJECT}/"
        if not request.path.startswith(place):
            return _error(404, "not_found", "Project not found.")
        name = request.path.removeprefix(place)
        scope = "group:read" if name == "groups_types/" else "query:read"
        if scope not in self.scopes:
            return _error(403, "permission_denied", f"API key missing required scope '{scope}'")
        if name == "groups_types/":
            assert request.method == "GET"
            return Answer(
                [
                    {"group_type": each, "group_type_index": index, "name_singular": None}
                    for index, each in enumerate(self.group_types)
                ]
            )
        assert (request.method, name) == ("POST", "query/")
        return self._query(json.loads(request.body))

    def _query(self, asked: Row) -> Answer:
        # An answer of the cache may be hours old.
        assert asked["refresh"] == "force_blocking"
        assert asked["query"]["kind"] == "HogQLQuery"
        found = self._store.execute(asked["query"]["query"])
        names = [each[0] for each in found.description]
        # Without a limit there are a hundred rows, and never more than 50,000.
        is_limited = " limit " in asked["query"]["query"]
        rows = found.fetchmany(50_000 if is_limited else 100)
        body = {"columns": names, "results": [list(row) for row in rows], "is_cached": False}
        return Answer(body)


def _error(status: int, code: str, detail: str) -> Answer:
    kind = "authentication_error" if status in (401, 403) else "invalid_request"
    return Answer({"type": kind, "code": code, "detail": detail, "attr": None}, status)
