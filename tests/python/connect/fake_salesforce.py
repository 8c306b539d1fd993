"""Salesforce as its REST reference describes it: tokens, describe, SOQL through queryAll."""

from __future__ import annotations

import csv
import re
from datetime import datetime
from pathlib import Path

from orchestration.loads.files import snake_case
from orchestration.loads.spec import source_spec
from tests.python.connect.server import Answer, FakeServer, Request, Row

SECRET = "sf-secret"
DATA = "/services/data/v62.0"
SOQL = re.compile(
    r"SELECT (?P<fields>.+) FROM (?P<object>\w+)"
    r"( WHERE (?P<cursor>\w+) >= (?P<since>\S+))?( ORDER BY (?P<order>.+))?"
)


class FakeSalesforce(FakeServer):
    """An org of Salesforce.

    Attributes:
        objects: Rows by object; deleted ones stay for a while.
        hidden: Fields the user may not see, as Object.Field.
        token: The token that is good now.
        page: Most rows of a page.
    """

    def __init__(self, page: int = 2000) -> None:
        super().__init__()
        self.objects: dict[str, list[Row]] = {}
        self.fields: dict[str, list[str]] = {}
        self.hidden: set[str] = set()
        self.tokens = 0
        self.page = page
        self._open: dict[str, list[Row]] = {}

    def seed(self, folder: Path) -> None:
        """Take the rows of an export, with the types the API gives."""
        tables = source_spec("salesforce").tables
        for path in folder.glob("*.csv"):
            columns = tables[snake_case(path.stem)].columns
            with path.open(encoding="utf-8") as lines:
                reader = csv.DictReader(lines)
                self.fields[path.stem] = list(reader.fieldnames or ())
                self.objects[path.stem] = [
                    {
                        name: _typed(value, columns[snake_case(name)].type)
                        for name, value in row.items()
                    }
                    for row in reader
                ]

    @property
    def token(self) -> str:
        """The token that is good now."""
        return f"token-{self.tokens}"

    def answer(self, request: Request) -> Answer:
        if request.path.endswith("/oauth2/token"):
            if f"client_secret={SECRET}" not in request.body:
                return Answer({"error": "invalid_client"}, status=400)
            self.tokens += 1
            return Answer({"access_token": self.token, "token_type": "Bearer"})
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return Answer([{"errorCode": "INVALID_SESSION_ID"}], status=401)
        return self._data(request, request.path.removeprefix(DATA))

    def _data(self, request: Request, path: str) -> Answer:
        if path == "/sobjects":
            return Answer({"sobjects": [{"name": n, "queryable": True} for n in self.objects]})
        if path.endswith("/describe"):
            name = path.split("/")[2]
            fields = [f for f in self.fields[name] if f"{name}.{f}" not in self.hidden]
            return Answer({"name": name, "fields": [{"name": field} for field in fields]})
        if path.startswith("/queryAll/"):
            return self._page(path.removeprefix("/queryAll/"))
        return self._query(request.one("q") or "")

    def _query(self, soql: str) -> Answer:
        asked = SOQL.fullmatch(soql)
        if asked is None:
            return Answer([{"errorCode": "MALFORMED_QUERY", "message": soql}], status=400)
        name, rows = asked["object"], self.objects[asked["object"]]
        if asked["since"]:
            since = datetime.fromisoformat(asked["since"])
            rows = [r for r in rows if datetime.fromisoformat(r[asked["cursor"]]) >= since]
        if asked["fields"].startswith("COUNT(Id) n"):
            found = {"n": len(rows), "since": None}
            return Answer({"records": [found], "totalSize": 1, "done": True})
        for field in reversed((asked["order"] or "Id").split(", ")):
            rows = sorted(rows, key=lambda row, field=field: row[field] or "")
        url = f"{DATA}/sobjects/{name}/"
        fields = asked["fields"].split(", ")
        shown = [
            {"attributes": {"type": name, "url": url + row["Id"]}, **{f: row[f] for f in fields}}
            for row in rows
        ]
        locator = f"01g{len(self._open)}"
        self._open[locator] = shown
        return self._page(f"{locator}-0")

    def _page(self, place: str) -> Answer:
        locator, begin = place.split("-")
        rows, end = self._open[locator], int(begin) + self.page
        body: Row = {"totalSize": len(rows), "done": end >= len(rows)}
        body["records"] = rows[int(begin) : end]
        if end < len(rows):
            body["nextRecordsUrl"] = f"{DATA}/queryAll/{locator}-{end}"
        return Answer(body)


def _typed(value: str, kind: str) -> object:
    """A value of a CSV file as the API has it."""
    if value == "":
        return None
    if kind == "boolean":
        return value == "true"
    if kind == "bigint":
        return int(value)
    if kind.startswith("decimal"):
        return float(value)
    return value.replace("Z", "+0000") if kind == "timestamp" else value
