"""The same company in Salesforce and Zendesk: rows as an export of each has them."""

from __future__ import annotations

from typing import Any

Rows = dict[str, list[dict[str, Any]]]
ACCOUNTS = ("grown", "yearly", "tiered", "paused", "over")


def salesforce() -> Rows:
    """Accounts with their history, people, what was done with them and what was sold."""
    stamp = "2025-06-01T10:00:00Z"
    accounts = [
        {
            "id": account,
            "is_deleted": False,
            "name": account.title(),
            "type": "Customer",
            "website": f"https://{account}.example",
            "industry": "Software",
            "number_of_employees": 10 * number,
            "billing_country": "Germany",
            "region__c": "EMEA",
            "segment__c": "SMB" if number < 3 else "Enterprise",
            "csm__c": "005csm1",
            "owner_id": "005csm1",
            "created_date": "2024-01-05T08:00:00Z",
            "system_modstamp": stamp,
        }
        for number, account in enumerate(ACCOUNTS, start=1)
    ]
    accounts.append(
        {
            "id": "gone",
            "is_deleted": True,
            "name": "Gone",
            "created_date": "2024-01-05T08:00:00Z",
            "system_modstamp": stamp,
        }
    )
    changes = [
        ("h1", "grown", "Segment__c", "Enterprise", "SMB", "2025-01-15T09:00:00Z"),
        ("h2", "grown", "CSM__c", "005csm2", "005csm1", "2025-03-10T09:00:00Z"),
        ("h3", "tiered", "NumberOfEmployees", "25", "30", "2025-04-02T09:00:00Z"),
    ]
    users = [
        {
            "id": f"005csm{number}",
            "name": f"Person {number}",
            "email": f"csm{number}@us.example",
            "is_active": True,
            "system_modstamp": stamp,
        }
        for number in (1, 2)
    ]
    contact = {
        "id": "003a",
        "is_deleted": False,
        "account_id": "grown",
        "first_name": "Ada",
        "last_name": "Lovelace",
        "email": "ada@grown.example",
        "title": "CTO",
        "role__c": "champion",
        "left_on__c": "2025-05-20",
        "created_date": "2024-02-01T08:00:00Z",
        "system_modstamp": stamp,
    }
    opportunity = {
        "id": "006a",
        "is_deleted": False,
        "account_id": "yearly",
        "name": "Renewal",
        "type": "Renewal",
        "stage_name": "Closed Won",
        "amount": 10500.5,
        "currency_iso_code": "USD",
        "close_date": "2025-06-20",
        "is_won": True,
        "is_closed": True,
        "created_date": "2025-03-01T08:00:00Z",
        "system_modstamp": stamp,
    }
    task = {
        "id": "00Ta",
        "is_deleted": False,
        "account_id": "grown",
        "who_id": "003a",
        "owner_id": "005csm1",
        "subject": "Check-in",
        "type": "Call",
        "status": "Completed",
        "activity_date": "2025-05-05",
        "completed_date_time": "2025-05-05T15:00:00Z",
        "created_date": "2025-05-01T08:00:00Z",
        "system_modstamp": stamp,
    }
    event = {
        "id": "00Ua",
        "is_deleted": False,
        "account_id": "yearly",
        "owner_id": "005csm2",
        "subject": "QBR",
        "type": "QBR",
        "start_date_time": "2025-04-08T13:00:00Z",
        "end_date_time": "2025-04-08T14:00:00Z",
        "created_date": "2025-04-01T08:00:00Z",
        "system_modstamp": stamp,
    }
    reason = {
        "id": "a03a",
        "is_deleted": False,
        "account__c": "over",
        "churned_on__c": "2025-03-01",
        "reason__c": "price",
        "detail__c": "Too dear",
        "is_controllable__c": True,
        "system_modstamp": stamp,
    }
    names = ("id", "account_id", "field", "old_value", "new_value", "created_date")
    return {
        "account": accounts,
        "account_history": [dict(zip(names, change, strict=True)) for change in changes],
        "user": users,
        "contact": [contact],
        "opportunity": [opportunity],
        "task": [task],
        "event": [event],
        "churn_reason__c": [reason],
    }


def zendesk() -> Rows:
    """Three tickets: one solved and rated, one open and escalated, one deleted."""
    organizations = [
        {
            "id": 100 + number,
            "name": account.title(),
            "external_id": account,
            "domain_names": [f"{account}.example"],
            "created_at": "2024-01-05T08:00:00Z",
            "updated_at": "2025-01-05T08:00:00Z",
        }
        for number, account in enumerate(ACCOUNTS)
    ]
    users = [
        _user(1, "Agent", "agent", None),
        _user(2, "Asker", "end-user", 100),
        _user(3, "Other", "end-user", 101),
    ]
    tickets = [
        _ticket(11, 2, 100, "solved", "2025-05-05T12:00:00Z")
        | {"satisfaction_rating": {"score": "good", "updated_at": "2025-05-06T08:00:00Z"}},
        _ticket(12, 3, 101, "open", "2025-06-11T09:00:00Z") | {"tags": ["escalated", "vip"]},
        _ticket(13, 3, 101, "deleted", "2025-06-12T09:00:00Z"),
    ]
    history = [
        _change(11, "status", "new", None, "2025-05-05T08:00:00Z", 2, 1),
        _change(11, "priority", "high", None, "2025-05-05T08:00:00Z", 2, 2),
        _change(11, "assignee_id", "1", None, "2025-05-05T09:00:00Z", 1, 3),
        _change(11, "status", "open", "new", "2025-05-05T09:00:00Z", 1, 4),
        _change(11, "status", "solved", "open", "2025-05-05T12:00:00Z", 1, 5),
        _change(12, "status", "open", None, "2025-06-10T08:00:00Z", 3, 6),
        _change(12, "priority", "urgent", None, "2025-06-10T08:00:00Z", 3, 7),
        _change(12, "tags", "escalated vip", None, "2025-06-11T09:00:00Z", 1, 8),
        _change(13, "status", "new", None, "2025-06-12T08:00:00Z", 3, 9),
    ]
    comments = [
        _comment(21, 11, 2, True, "2025-05-05T08:00:00Z"),
        _comment(22, 11, 1, True, "2025-05-05T10:00:00Z"),
        _comment(23, 11, 1, False, "2025-05-05T10:30:00Z"),
        _comment(24, 12, 3, True, "2025-06-10T08:00:00Z"),
    ]
    return {
        "organization": organizations,
        "user": users,
        "ticket": tickets,
        "ticket_field_history": history,
        "ticket_comment": comments,
    }


def _user(number: int, name: str, role: str, organization: int | None) -> dict[str, Any]:
    return {
        "id": number,
        "name": name,
        "email": f"{name.lower()}@mail.example",
        "role": role,
        "organization_id": organization,
        "created_at": "2024-01-05T08:00:00Z",
        "updated_at": "2024-01-05T08:00:00Z",
    }


def _ticket(
    number: int, requester: int, organization: int, status: str, updated: str
) -> dict[str, Any]:
    created = {11: "2025-05-05T08:00:00Z", 12: "2025-06-10T08:00:00Z", 13: "2025-06-12T08:00:00Z"}
    return {
        "id": number,
        "organization_id": organization,
        "requester_id": requester,
        "assignee_id": 1 if number == 11 else None,
        "brand_id": 7,
        "status": status,
        "priority": "high" if number == 11 else "urgent",
        "type": "problem",
        "subject": "Help",
        "via_channel": "email",
        "tags": [],
        "created_at": created[number],
        "updated_at": updated,
    }


def _change(
    ticket: int, field: str, value: str, before: str | None, at: str, user: int, number: int
) -> dict[str, Any]:
    return {
        "ticket_id": ticket,
        "field_name": field,
        "value": value,
        "previous_value": before,
        "updated": at,
        "user_id": user,
        "id": number,
    }


def _comment(number: int, ticket: int, author: int, public: bool, at: str) -> dict[str, Any]:
    return {
        "id": number,
        "ticket_id": ticket,
        "author_id": author,
        "public": public,
        "created_at": at,
    }
