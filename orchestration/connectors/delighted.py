"""Survey answers of Delighted in the shape of its exports."""

from __future__ import annotations

from orchestration.connectors.drop import Row
from orchestration.connectors.fetching import Fetching, Reader

# Newest change first: one that is changed meanwhile pushes others to a later page, so that a page's
# edge may repeat an answer and never passes one over.
BY_CHANGE = "desc:updated_at"


def _responses(fetching: Fetching) -> None:
    """New answers, the oldest first, then those changed since the last fetch."""
    for page in fetching.pages():
        for row in page:
            fetching.write(_shaped(row))
    if fetching.last is None or fetching.since is None:
        return
    params = {"updated_since": int(fetching.since.timestamp()), "order": BY_CHANGE}
    for page in fetching.api.pages(fetching.resource, params):
        for row in page:
            fetching.write(_shaped(row))


def _shaped(row: Row) -> Row:
    """Person and address beside each other; what was never changed changed when it was made."""
    person = row.get("person")
    if isinstance(person, dict):
        row = {**row, "person": person.get("id"), "person_email": person.get("email")}
    if row.get("updated_at") is None:
        row = {**row, "updated_at": row.get("created_at")}
    return row


READERS: dict[str, Reader] = {"survey responses": _responses}
