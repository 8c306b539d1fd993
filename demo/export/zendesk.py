"""Zendesk: organizations, users, tickets, their field history and comments."""

import json
from collections.abc import Iterator

from demo.clock import DAY, iso_seconds
from demo.life import Life
from demo.support import AGENTS, CATEGORIES, SUBJECTS, Ticket, tickets

FILES = ("organizations", "users", "tickets", "ticket_field_history", "ticket_comments")
ORGANIZATION, AGENT, PERSON, TICKET = 360_000_000, 900_000, 4_000_000_000, 1_000_000


def text(row: dict) -> str:
    """One JSON line."""
    return json.dumps(row, separators=(",", ":"), ensure_ascii=False) + "\n"


def agent_id(number: int) -> int:
    """Id of one of our agents; numbers are negative."""
    return AGENT - number


def person_id(index: int, number: int) -> int:
    """Id of a user of an account."""
    return PERSON + index * 10_000 + number


def _actor(index: int, number: int) -> int:
    return agent_id(number) if number < 0 else person_id(index, number)


def _ticket(life: Life, ticket: Ticket, cut: int) -> dict:
    index = life.account.index
    assignee = ticket.value("assignee_id", cut)
    tags = [ticket.category]
    tags += [f.value for f in ticket.history if f.field == "tags" and f.ts < cut and f.value]
    rating = {"score": "unoffered"}
    if ticket.score is not None and ticket.score[0] < cut:
        rating = {"score": ticket.score[1], "updated_at": iso_seconds(ticket.score[0])}
    elif ticket.offered is not None and ticket.offered < cut:
        rating = {"score": "offered"}
    return {
        "id": TICKET + index * 5_000 + ticket.number,
        "organization_id": ORGANIZATION + index,
        "requester_id": person_id(index, ticket.requester),
        "assignee_id": agent_id(int(assignee)) if assignee else None,
        "status": ticket.value("status", cut),
        "priority": ticket.value("priority", cut),
        "type": "problem" if ticket.category in CATEGORIES[1::2] else "question",
        "subject": SUBJECTS[ticket.category],
        "via_channel": ticket.channel,
        "category": ticket.category,
        "tags": tags,
        "satisfaction_rating": rating,
        "created_at": iso_seconds(ticket.created),
        "updated_at": iso_seconds(ticket.updated(cut)),
    }


def _history(life: Life, ticket: Ticket, cut: int) -> Iterator[dict]:
    index = life.account.index
    tags = [ticket.category]
    for fact in ticket.history:
        if fact.ts >= cut:
            continue
        value = fact.value
        if fact.field == "assignee_id":
            value = str(agent_id(int(value)))
        elif fact.field == "tags":
            tags.append(value)
            value = " ".join(tags)
        yield {
            "ticket_id": TICKET + index * 5_000 + ticket.number,
            "field_name": fact.field,
            "value": value,
            "updated": iso_seconds(fact.ts),
            "user_id": _actor(index, fact.actor),
        }


def _comments(life: Life, ticket: Ticket, cut: int) -> Iterator[dict]:
    index = life.account.index
    number = TICKET + index * 5_000 + ticket.number
    for spot, comment in enumerate(ticket.comments):
        if comment.ts < cut:
            yield {
                "id": number * 100 + spot,
                "ticket_id": number,
                "author_id": _actor(index, comment.author),
                "public": comment.public,
                "created_at": iso_seconds(comment.ts),
            }


def _organization(life: Life, since: int) -> dict:
    account = life.account
    return {
        "id": ORGANIZATION + account.index,
        "name": account.name,
        "external_id": account.id if account.support_key else None,
        "domain_names": [account.mail_domain] if account.crm else [],
        "created_at": iso_seconds(since),
        "updated_at": iso_seconds(since),
        "deleted_at": None,
    }


def rows(life: Life, cut: int) -> dict[str, list[str]]:
    """All rows of one account as known before a moment."""
    out: dict[str, list[str]] = {name: [] for name in FILES}
    index = life.account.index
    since = min((sub.states[0].at for sub in life.book.subs), default=cut)
    if since < cut:
        out["organizations"].append(text(_organization(life, since + DAY // 24)))
    asked: dict[int, int] = {}
    for ticket in tickets(life):
        if ticket.created >= cut:
            continue
        asked.setdefault(ticket.requester, ticket.created)
        out["tickets"].append(text(_ticket(life, ticket, cut)))
        out["ticket_field_history"] += [text(row) for row in _history(life, ticket, cut)]
        out["ticket_comments"] += [text(row) for row in _comments(life, ticket, cut)]
    for number, ts in asked.items():
        user = life.people.users[number]
        row = {
            "id": person_id(index, number),
            "name": user.name,
            "email": user.email,
            "role": "end-user",
            "organization_id": ORGANIZATION + index,
            "created_at": iso_seconds(ts),
            "updated_at": iso_seconds(ts),
        }
        out["users"].append(text(row))
    return out


def agents() -> Iterator[int]:
    """Our agents by number."""
    yield from range(-1, -AGENTS - 1, -1)
