"""Random legal lives of Zendesk tickets, and how an export tells them.

Written from Zendesk's documentation: a ticket begins as new or open; once it left new it never
comes back to it; a solved ticket may be opened again until it is closed; closed is final; a merge
closes the ticket that gives way and tags it `closed_by_merge`; a deleted ticket may be restored for
30 days, to the status that it had. Several changes may fall into one second.
"""

from __future__ import annotations

import csv
import json
import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import strategies as st

BEGIN = datetime.fromisoformat("2025-06-01")
END = datetime.fromisoformat("2025-07-01")
UNSOLVED = ("new", "open", "pending", "hold")
# What may follow a status by a change of the status alone.
NEXT = {
    "new": ("open", "pending", "hold", "solved"),
    "open": ("pending", "hold", "solved"),
    "pending": ("open", "hold", "solved"),
    "hold": ("open", "pending", "solved"),
    "solved": ("open", "pending", "hold", "closed"),
    "closed": (),
}
GAPS = (0, 0, 1, 59, 3_600, 40_000, 86_400, 200_000)
AGENT, FORMER_AGENT, GONE_AGENT, CUSTOMER = 11, 12, 13, 21


@dataclass(frozen=True)
class Step:
    """A moment at which the status became another one."""

    at: datetime
    status: str
    by_merge: bool = False


@dataclass(frozen=True)
class Comment:
    """A comment and who wrote it."""

    at: datetime
    author: int
    public: bool


@dataclass
class Life:
    """A ticket: its steps in their true order, the comments, and how the export tells them.

    Attributes:
        created: When it was created.
        steps: All statuses, the first one from the creation on.
        comments: What was written.
        telling: `ids` (changes have ids, rows in any order), `previous` (changes name the value
            before, rows in any order) or `order` (neither; rows in their order).
        tells_deletion: Whether the history has the deletion that the ticket ended in.
    """

    created: datetime
    steps: list[Step]
    comments: list[Comment] = field(default_factory=list)
    telling: str = "ids"
    tells_deletion: bool = True


@st.composite
def lives(draw: st.DrawFn) -> Life:
    """A ticket that lived as Zendesk lets it."""
    created = BEGIN + timedelta(seconds=draw(st.integers(0, 25 * 86_400)))
    telling = draw(st.sampled_from(["ids", "previous", "order"]))
    at = created
    steps = [Step(at, draw(st.sampled_from(["new", "open"])))]
    before_deletion = ""
    for _ in range(draw(st.integers(0, 9))):
        now = steps[-1].status
        choices = [*NEXT.get(now, ()), "deleted"]
        if now == "deleted":
            choices = [before_deletion]
        elif now != "closed":
            choices.append("merged")
        status = draw(st.sampled_from(choices))
        at += timedelta(seconds=draw(st.sampled_from(GAPS)))
        value = "closed" if status == "merged" else status
        alike = [step for step in steps[1:] if step.at == at]
        # Without ids, two changes of one second to one value are one row.
        told = [step.status for step in steps if step.at == at]
        if at >= END or (telling != "ids" and value in told):
            break
        # Without ids, a second that ends where it began may follow only what is clear by itself.
        if telling == "previous" and alike:
            first = steps.index(alike[0])
            if value == steps[first - 1].status:
                break
        if now != "deleted":
            before_deletion = now
        steps.append(Step(at, value, by_merge=status == "merged"))
    comments = [
        Comment(
            created + timedelta(seconds=draw(st.sampled_from([0, 60, 7_200, 90_000]))),
            draw(st.sampled_from([AGENT, FORMER_AGENT, GONE_AGENT, CUSTOMER])),
            draw(st.booleans()),
        )
        for _ in range(draw(st.integers(0, 3)))
    ]
    comments = [c for c in comments if c.at < END and (c.public or c.author != CUSTOMER)]
    return Life(created, steps, comments, telling, draw(st.booleans()))


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _history(number: int, life: Life) -> list[dict]:
    rows = []
    before = None
    for step in life.steps:
        told = life.tells_deletion or step is not life.steps[-1] or step.status != "deleted"
        if told:
            row = {
                "ticket_id": number,
                "field_name": "status",
                "value": step.status,
                "updated": _time(step.at),
                "user_id": AGENT,
            }
            if life.telling == "previous" and before is not None:
                row["previous_value"] = before
            rows.append(row)
        if step.by_merge:
            tags = {"field_name": "tags", "value": "x closed_by_merge", "updated": _time(step.at)}
            rows.append({"ticket_id": number, "user_id": AGENT, **tags})
        before = step.status
    return rows


def export(folder: Path, tickets: list[Life], shuffle: int) -> dict[str, Path]:
    """Write the tickets, one account each, as an export of Zendesk beside a CRM in files."""
    random_order = random.Random(shuffle)
    history: list[dict] = []
    comments: list[dict] = []
    rows: list[dict] = []
    for number, life in enumerate(tickets, start=1):
        told = _history(number, life)
        for place, row in enumerate(told):
            if life.telling == "ids":
                row["id"] = 1_000 * number + place
        if life.telling != "order":
            random_order.shuffle(told)
        history += told
        assigned = {"field_name": "assignee_id", "value": str(GONE_AGENT), "user_id": AGENT}
        history.append({"ticket_id": number, "updated": _time(life.created), **assigned})
        history.append(
            {
                "ticket_id": number,
                "field_name": "assignee_id",
                "value": str(GONE_AGENT),
                "updated": _time(END),
                "user_id": AGENT,
            }
        )
        comments += [
            {
                "id": 1_000 * number + place,
                "ticket_id": number,
                "author_id": comment.author,
                "public": comment.public,
                "created_at": _time(comment.at),
            }
            for place, comment in enumerate(life.comments)
        ]
        last = life.steps[-1]
        merged = any(step.by_merge for step in life.steps)
        rows.append(
            {
                "id": number,
                "organization_id": number,
                "requester_id": CUSTOMER,
                "status": last.status,
                "tags": ["x", "closed_by_merge"] if merged else ["x"],
                "created_at": _time(life.created),
                "updated_at": _time(last.at),
            }
        )
    # Two who are no agents any more: one says so today, the other is not exported.
    comments += [
        {
            "id": place,
            "ticket_id": 1,
            "author_id": FORMER_AGENT,
            "public": False,
            "created_at": _time(moment),
        }
        for place, moment in enumerate([BEGIN, END])
    ]
    users = [
        {"id": AGENT, "role": "admin", "updated_at": "2024-01-01T00:00:00Z"},
        {"id": FORMER_AGENT, "role": "end-user", "updated_at": "2025-07-01T00:00:00Z"},
        {"id": CUSTOMER, "role": "end-user", "updated_at": "2024-01-01T00:00:00Z"},
    ]
    organizations = [
        {"id": n, "external_id": f"A{n}", "updated_at": "2024-01-01T00:00:00Z"}
        for n in range(1, len(tickets) + 1)
    ]
    tables = {
        "tickets": rows,
        "ticket_field_history": history,
        "ticket_comments": comments,
        "users": users,
        "organizations": organizations,
    }
    zendesk, crm = folder / "zendesk", folder / "crm"
    zendesk.mkdir(parents=True)
    crm.mkdir()
    for name, lines in tables.items():
        text = "".join(json.dumps(line) + "\n" for line in lines)
        (zendesk / f"{name}.jsonl").write_text(text)
    _company(crm, len(tickets))
    return {"files": crm, "zendesk": zendesk}


def _company(folder: Path, accounts: int) -> None:
    contents = {
        "accounts": [
            ["account_id", "account_name", "created_at"],
            *[[f"A{n}", f"Account {n}", "2024-12-01T00:00:00Z"] for n in range(1, accounts + 1)],
        ],
        "subscriptions": [
            ["subscription_id", "account_id", "status", "started_at", "currency"],
            ["S1", "A1", "active", "2025-01-01T00:00:00Z", "USD"],
        ],
        "subscription_items": [
            [
                "subscription_item_id",
                "subscription_id",
                "valid_from",
                "quantity",
                "unit_amount",
                "billing_interval",
            ],
            ["I1", "S1", "2025-01-01", "1", "10", "month"],
        ],
    }
    for name, rows in contents.items():
        with (folder / f"{name}.csv").open("w", newline="") as file:
            csv.writer(file).writerows(rows)
