"""PostHog's events in the shape of its batch exports, and the groups that are accounts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from orchestration.connectors.contract import Resource, meant
from orchestration.connectors.drop import Row
from orchestration.connectors.fetching import Fetching, Reader
from orchestration.connectors.http import Api
from orchestration.connectors.road import ConnectError, NotAllowedError, NotThereError

ROWS_OF_A_PAGE = 10_000
# How much of the time of arrival is asked for at once: less where much arrived.
SHORTEST, LONGEST = timedelta(days=1), timedelta(days=32)
GROUP_TYPES = "api/projects/{project_id}/groups_types/"
COMPANY = "company"

EVENT = ("uuid", "event", "distinct_id", "properties", "timestamp", "created_at")
GROUP = ("key", "properties", "created_at")


# ---- events --------------------------------------------------------------------------------------


def _events(fetching: Fetching) -> None:
    """Events by the time of their arrival, whenever they happened."""
    begun = fetching.drop.begun
    at, window = fetching.since or _first_arrival(fetching.api, fetching.resource), SHORTEST
    while at and at < begun:
        end = min(at + window, begun)
        pages = 0
        for page in _arrived(fetching, at, end):
            pages += 1
            for values in page:
                row = _event(fetching, values)
                arrived = datetime.fromisoformat(row["created_at"])
                fetching.write_event(row, comes_again=arrived >= fetching.next_since)
        fetching.reach(end)
        at, window = end, SHORTEST if pages > 1 else min(2 * window, LONGEST)


def _arrived(fetching: Fetching, start: datetime, end: datetime) -> Iterator[list[list[Any]]]:
    """Pages of what arrived between two moments; each goes on behind the last event before."""
    behind = f"created_at >= {_moment(start)}"
    while True:
        conditions = [behind, f"created_at < {_moment(end)}", *_happened(fetching)]
        page = _ask(
            fetching.api,
            fetching.resource,
            "select toString(uuid), event, distinct_id, properties,"
            f" {_in_utc('timestamp')}, {_in_utc('created_at')} from events"
            f" where {' and '.join(conditions)}"
            f" order by created_at, toString(uuid) limit {ROWS_OF_A_PAGE}",
        )
        yield page
        if len(page) < ROWS_OF_A_PAGE:
            return
        key, last = UUID(page[-1][0]), _moment(_time(page[-1][5]))
        behind = f"created_at >= {last} and (created_at > {last} or toString(uuid) > '{key}')"


def _happened(fetching: Fetching) -> list[str]:
    """Conditions of when an event happened; none where it may be as late as it likes."""
    bounds = [fetching.start] if fetching.start else []
    if fetching.road.options.get("late_days") and fetching.last and fetching.since:
        bounds.append(fetching.since - timedelta(days=int(fetching.road.options["late_days"])))
    return [f"timestamp >= {_moment(max(bounds))}"] if bounds else []


def _first_arrival(api: Api, resource: Resource) -> datetime | None:
    sql = f"select count(), {_in_utc('min(created_at)')} from events"
    ((count, first),) = _ask(api, resource, sql)
    return _time(first) if count else None


def _event(fetching: Fetching, values: list[Any]) -> Row:
    """An event as a batch export writes it, with the key of its account beside it."""
    row: Row = dict(zip(EVENT, values, strict=True))
    properties = _object(row["properties"])
    named = (properties.get("$groups") or {}).get(_group_type(fetching.api))
    index = _group_index(fetching.api, fetching.resource)
    if named is None and index is not None:
        named = properties.get(f"$group_{index}")
    times = {name: _time(row[name]).isoformat() for name in ("timestamp", "created_at")}
    return {**row, "properties": properties, **times, "group_key": named}


# ---- groups --------------------------------------------------------------------------------------


def _groups(fetching: Fetching) -> None:
    """The groups whose type is that of accounts, as they are now."""
    api, resource = fetching.api, fetching.resource
    index, behind = _index_of(api, resource), ""
    while True:
        page = _ask(
            api,
            resource,
            f"select key, properties, {_in_utc('created_at')} from groups"
            f" where index = {index}{behind} order by key limit {ROWS_OF_A_PAGE}",
        )
        for values in page:
            row: Row = dict(zip(GROUP, values, strict=True))
            created_at = _time(row["created_at"]).isoformat()
            properties = _object(row["properties"])
            fetching.write({"id": row["key"], "properties": properties, "created_at": created_at})
        if len(page) < ROWS_OF_A_PAGE:
            return
        behind = f" and key > {_text(page[-1][0])}"


def _group_type(api: Api) -> str:
    """The type of group that is an account."""
    return str(api.options.get("group_type") or COMPANY)


def _group_types(api: Api, resource: Resource) -> dict[str, int]:
    """Index of each type of group, asked for once.

    Raises:
        NotAllowedError: The key may not see them.
    """
    if "types" not in api.known:
        path = GROUP_TYPES.format(project_id=api.options["project_id"])
        pages = api.pages(resource, path=path, selector="$")
        found = [each for page in pages for each in page]
        api.known["types"] = {each["group_type"]: each["group_type_index"] for each in found}
    types: dict[str, int] = api.known["types"]
    return types


def _index_of(api: Api, resource: Resource) -> int:
    """The index of the type that is an account.

    Raises:
        NotAllowedError: The key may not see it, or there is none of that name.
        ConnectError: company.yml names one that there is not.
    """
    types, name = _group_types(api, resource), _group_type(api)
    if name in types:
        return types[name]
    is_said = "group_type" in api.options
    raise (ConnectError if is_said else NotThereError)(
        f"PostHog, groups: there is no type of group '{name}'{meant(name, types)}; there is:"
        f" {', '.join(types) or 'none'}. Say which one is an account: options: {{group_type: …}}."
        " An event without such a group is of the account whose user did it, if users knows them"
    )


def _group_index(api: Api, resource: Resource) -> int | None:
    """The index of the type that is an account; None where the key may not see it."""
    if "index" not in api.known:
        try:
            api.known["index"] = _index_of(api, resource)
        except NotAllowedError:
            api.known["index"] = None
    index: int | None = api.known["index"]
    return index


# ---- asking --------------------------------------------------------------------------------------


def look(api: Api, resource: Resource) -> str:
    """What a key can see of events and groups."""
    if resource.name == "groups":
        index, types = _index_of(api, resource), _group_types(api, resource)
        ((count,),) = _ask(api, resource, f"select count() from groups where index = {index}")
        return f"{count} of type {_group_type(api)}, as they are now (types: {', '.join(types)})"
    first, last = _in_utc("min(timestamp)"), _in_utc("max(timestamp)")
    ((count, first, last),) = _ask(api, resource, f"select count(), {first}, {last} from events")
    if not count:
        return "none yet"
    return f"{count} events, from {_time(first):%Y-%m-%d} to {_time(last):%Y-%m-%d}"


def _ask(api: Api, resource: Resource, sql: str) -> list[list[Any]]:
    """The rows that a query gives."""
    query = {"query": {"kind": "HogQLQuery", "query": sql}}
    return [row for page in api.pages(resource, body=query) for row in page]  # type: ignore[misc]


def _moment(moment: datetime) -> str:
    return f"toDateTime64('{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}', 6, 'UTC')"


def _in_utc(column: str) -> str:
    """A time as text: as it is it would be in the zone of the project, and cut to milliseconds."""
    return f"toString(toTimeZone({column}, 'UTC'))"


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _text(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


def _object(value: str | Row | None) -> Row:
    """What PostHog keeps as the text of an object."""
    found: Row = (json.loads(value) if isinstance(value, str) else value) or {}
    return found


READERS: dict[str, Reader] = {"groups": _groups, "events": _events}
