"""HubSpot as its API reference describes it: lists by cursor, properties asked for by name."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from tests.python.connect.server import Answer, FakeServer, Request, Row

TOKEN = "pat-eu1-token"
OBJECTS = ("companies", "contacts", "deals", "tickets", "meetings", "calls", "emails")
# The greatest page, and that of a list with histories.
MOST, MOST_WITH_HISTORY = 100, 50
SCOPES = {
    "owners": "crm.objects.owners.read",
    "companies": "crm.objects.companies.read",
    "contacts": "crm.objects.contacts.read",
    "deals": "crm.objects.deals.read",
    "tickets": "tickets",
    "meetings": "crm.objects.contacts.read",
    "calls": "crm.objects.contacts.read",
    "emails": "sales-email-read",
}


class FakeHubspot(FakeServer):
    """An account of HubSpot.

    Attributes:
        objects: By list; each with `id`, `properties`, `archived`, `createdAt`, `updatedAt`, and
            beside what the API shows: `links` (associations) and `histories`.
        owners: All, archived ones too.
        pipelines: By object.
        properties: Names that are defined, by list, beside those that some object has.
        scopes: What the token may see.
        page: Most rows of a page; `links`: most associations shown in a list.
    """

    def __init__(self, page: int = MOST, links: int = 100) -> None:
        super().__init__()
        self.objects: dict[str, list[Row]] = {name: [] for name in OBJECTS}
        self.owners: list[Row] = []
        self.pipelines: dict[str, list[Row]] = {"deals": [], "tickets": []}
        self.properties: dict[str, set[str]] = {name: set() for name in OBJECTS}
        self.scopes = set(SCOPES.values())
        self.page, self.links = page, links

    # ---- the company ------------------------------------------------------------------------

    def put(
        self,
        name: str,
        key: object,
        properties: Row,
        links: dict[str, list[tuple[str, str]]] | None = None,
        histories: dict[str, list[Row]] | None = None,
        *,
        at: str = "2025-05-01T10:00:00.000Z",
    ) -> Row:
        """Make an object, or change one: associations are pairs of id and type."""
        row = next((row for row in self.objects[name] if row["id"] == str(key)), None)
        if row is None:
            row = {"id": str(key), "properties": {}, "archived": False, "createdAt": at}
            row |= {"links": {}, "histories": {}}
            self.objects[name].append(row)
        row["properties"] |= properties
        row["links"] |= links or {}
        row["histories"] |= histories or {}
        row["updatedAt"] = at
        return row

    def archive(self, name: str, key: object, at: str) -> None:
        """Delete an object: for ninety days it is in the list of archived ones."""
        row = next(row for row in self.objects[name] if row["id"] == str(key))
        row.update(archived=True, archivedAt=at)

    def purge(self, name: str, key: object) -> None:
        """Delete an object for good."""
        self.objects[name] = [row for row in self.objects[name] if row["id"] != str(key)]

    # ---- the API ----------------------------------------------------------------------------

    def answer(self, request: Request) -> Answer:  # noqa: PLR0911 - one per address
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return Answer({"category": "INVALID_AUTHENTICATION"}, status=401)
        parts = request.path.removeprefix("/crm/v3/").split("/")
        name = parts[1] if parts[0] != "owners" else "owners"
        if SCOPES[name] not in self.scopes:
            body = {"category": "MISSING_SCOPES", "errors": [{"context": [SCOPES[name]]}]}
            return Answer(body, status=403)
        match parts:
            case ["owners"]:
                rows = [row for row in self.owners if row["archived"] == _archived(request)]
                return self._page(request, rows, MOST)
            case ["pipelines", name]:
                return Answer({"results": self.pipelines[name]})
            case ["properties", name]:
                return Answer({"results": [{"name": each} for each in sorted(self._defined(name))]})
            case ["objects", name]:
                return self._list(request, name)
            case ["objects", name, key, "associations", other]:
                row = next(row for row in self.objects[name] if row["id"] == key)
                pairs = row["links"].get(other, [])
                begin = int(request.one("after") or 0)
                end = begin + min(int(request.one("limit") or 0), 500, self.page)
                body: Row = {"results": [{"id": i, "type": t} for i, t in pairs[begin:end]]}
                if end < len(pairs):
                    body["paging"] = {"next": {"after": str(end), "link": "…"}}
                return Answer(body)
        raise AssertionError(request.path)

    def _defined(self, name: str) -> set[str]:
        found = {each for row in self.objects[name] for each in row["properties"]}
        return found | self.properties[name]

    def _list(self, request: Request, name: str) -> Answer:
        asked = (request.one("properties") or "").split(",")
        histories = list(filter(None, (request.one("propertiesWithHistory") or "").split(",")))
        others = list(filter(None, (request.one("associations") or "").split(",")))
        archived = _archived(request)
        # Archived objects have no associations any more.
        rows = [
            self._shown(row, name, asked, histories, [] if archived else others)
            for row in sorted(self.objects[name], key=lambda row: int(row["id"]))
            if row["archived"] == archived
        ]
        return self._page(request, rows, MOST_WITH_HISTORY if histories else MOST)

    def _shown(
        self, row: Row, name: str, asked: list[str], histories: list[str], others: list[str]
    ) -> Row:
        """An object; a property that is not defined is left out, one without a value is null."""
        shown: Row = {key: row[key] for key in row if key not in ("links", "histories")}
        standard = {each for each in asked if not each.startswith("own_")}
        defined = self._defined(name) | standard
        shown["properties"] = {
            each: row["properties"].get(each) for each in asked if each in defined
        }
        if histories:
            shown["propertiesWithHistory"] = {
                each: row["histories"].get(each, []) for each in histories
            }
        found = {}
        for other in others:
            pairs = row["links"].get(other, [])
            if pairs:
                found[other] = {"results": [{"id": i, "type": t} for i, t in pairs[: self.links]]}
            if len(pairs) > self.links:
                found[other]["paging"] = {"next": {"after": "…", "link": "…"}}
        if found:
            shown["associations"] = found
        return deepcopy(shown)

    def _page(self, request: Request, rows: list[Row], most: int) -> Answer:
        limit = int(request.one("limit") or 10)
        if limit > most:
            return Answer({"message": f"limit {limit} is more than {most}"}, status=400)
        after = request.one("after")
        rest = [row for row in rows if after is None or int(row["id"]) > int(after)]
        shown = rest[: min(limit, self.page)]
        body: dict[str, Any] = {"results": shown}
        if len(shown) < len(rest):
            body["paging"] = {"next": {"after": shown[-1]["id"], "link": "…"}}
        return Answer(body)


def _archived(request: Request) -> bool:
    return request.one("archived", "false") == "true"
