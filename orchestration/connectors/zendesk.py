"""Zendesk's tickets with what their audits tell, and organizations that are gone."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from dlt.sources.helpers.rest_client.paginators import JSONResponseCursorPaginator
from dlt.sources.rest_api.config_setup import register_paginator
from requests import Request, Response

from orchestration.connectors.drop import Row
from orchestration.connectors.fetching import Fetching, Reader, read_list
from orchestration.connectors.road import NotThereError


class ExportPaginator(JSONResponseCursorPaginator):
    """The incremental exports give a cursor on the last page, too: `end_of_stream` ends them."""

    def __init__(self) -> None:
        """Take the names of the exports."""
        super().__init__(cursor_path="after_cursor", cursor_param="cursor")

    def update_state(self, response: Response, data: list[Any] | None = None) -> None:
        """Take the next cursor, unless the stream is at its end.

        Raises:
            ValueError: The answer does not say whether it is the last one.
        """
        super().update_state(response, data)
        body = response.json()
        if not isinstance(body.get("end_of_stream"), bool):
            raise ValueError("the answer has no end_of_stream")
        if body["end_of_stream"]:
            self._has_next_page = False
        elif not self._has_next_page:
            raise ValueError("the answer is not the last one and has no after_cursor")

    def update_request(self, request: Request) -> None:
        """Ask by the cursor alone."""
        super().update_request(request)
        request.params.pop("start_time", None)


register_paginator("zendesk_export", ExportPaginator)


def _organizations(fetching: Fetching) -> None:
    """Organizations; the last that is known of one that is gone is written with its deletion."""
    read_list(fetching)
    moment = fetching.drop.begun.strftime("%Y-%m-%dT%H:%M:%SZ")
    for key, row in fetching.vanished():
        fetching.write_gone(key, {**row, "updated_at": moment, "deleted_at": moment})


def _tickets(fetching: Fetching) -> None:
    """Tickets; of each that changed, the whole history and all comments."""
    category = fetching.road.options.get("category_field")
    for page in fetching.pages():
        for ticket in page:
            audits = list(_audits(fetching, ticket))
            fetching.write(_shaped(ticket, audits, str(category) if category else None))
            for row in _history(ticket["id"], audits):
                fetching.writer.row("ticket_field_history", row)
            for row in _comments(ticket["id"], audits):
                fetching.writer.row("ticket_comment", row)
        if page:
            fetching.reach(_changed_at(page[-1]))


def _changed_at(ticket: Row) -> datetime:
    """When a ticket changed, as the export counts: also what leaves `updated_at` as it was."""
    if ticket.get("generated_timestamp"):
        return datetime.fromtimestamp(ticket["generated_timestamp"], tz=UTC)
    return datetime.fromisoformat(ticket["updated_at"])


def _audits(fetching: Fetching, ticket: Row) -> Iterator[Row]:
    """The audits of a ticket, the oldest first; a deleted one has none any more."""
    if ticket.get("status") == "deleted":
        return
    path = f"tickets/{ticket['id']}/audits"
    pages = fetching.api.pages(
        fetching.resource,
        {"page[size]": 100, "per_page": None, "start_time": None},
        path=path,
        selector="audits",
        paginator=fetching.api.contract.client["paginator"],
    )
    try:
        for page in pages:
            yield from page
    except NotThereError:
        # It was deleted while it was read: the next export says so.
        return


def _shaped(ticket: Row, audits: Iterable[Row], category_field: str | None) -> Row:
    """Channel, category and the time of the rating beside the ticket's own fields."""
    row = {**ticket, "via_channel": (ticket.get("via") or {}).get("channel")}
    if category_field:
        fields = {str(each["id"]): each.get("value") for each in ticket.get("custom_fields") or []}
        row["category"] = fields.get(category_field)
    rated = [
        audit["created_at"]
        for audit in audits
        for event in audit.get("events") or []
        if event.get("field_name") == "satisfaction_score"
    ]
    rating = ticket.get("satisfaction_rating")
    if isinstance(rating, dict) and rated:
        row["satisfaction_rating"] = {**rating, "updated_at": max(rated)}
    return row


def _history(ticket: int, audits: Iterable[Row]) -> Iterator[Row]:
    """One row per field that was set or changed."""
    for audit in audits:
        for event in audit.get("events") or []:
            if event.get("type") in ("Create", "Change"):
                yield {
                    "ticket_id": ticket,
                    "field_name": event["field_name"],
                    "value": _text(event.get("value")),
                    "previous_value": _text(event.get("previous_value")),
                    "updated": audit["created_at"],
                    "user_id": audit.get("author_id"),
                    "id": event["id"],
                }


def _comments(ticket: int, audits: Iterable[Row]) -> Iterator[Row]:
    """One row per comment of any channel, public or not as it is by now."""
    events = [(audit, event) for audit in audits for event in audit.get("events") or []]
    hidden = {
        event.get("comment_id"): event.get("public")
        for _, event in events
        if event.get("type") == "CommentPrivacyChange"
    }
    for audit, event in events:
        if isinstance(event.get("public"), bool) and "comment_id" not in event:
            yield {
                "id": event["id"],
                "ticket_id": ticket,
                "author_id": event.get("author_id") or audit.get("author_id"),
                "public": hidden.get(event["id"], event["public"]),
                "created_at": audit["created_at"],
            }


def _text(value: Any) -> str | None:  # noqa: ANN401 - text, list or object, as Zendesk has it
    """A value of a field as text; lists and objects as JSON."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value)


READERS: dict[str, Reader] = {"organizations": _organizations, "tickets": _tickets}
