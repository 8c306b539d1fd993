"""Intercom's conversations as Airbyte's source-intercom lands them: times are Unix seconds."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from tests.python.landed import airbyte_landing
from tests.python.landed.intercom_company import CONVERSATION, NEWEST, ROWS

Row = dict[str, Any]


def land_intercom(database: Path, schema: str = "intercom") -> None:
    """Land the newest version of each object, as a stream that is deduplicated has it."""
    conversations = NEWEST["conversation_history"]
    streams = {
        "conversations": [_conversation(row) for row in conversations],
        "conversation_parts": [_part(row) for row in ROWS["conversation_part_history"]],
        "contacts": [
            {
                "id": number,
                "updated_at": _seconds("2025-06-03 10:00:00+00"),
                "companies": {
                    "type": "list",
                    "data": [
                        {"type": "company", "id": row["company_id"]}
                        for row in NEWEST["contact_company_history"]
                        if row["contact_id"] == number
                    ],
                    "has_more": False,
                },
            }
            for number in {row["contact_id"]: 0 for row in ROWS["contact_company_history"]}
        ],
        "companies": [
            {
                "id": row["id"],
                "company_id": row["company_id"],
                "custom_attributes": {"crm_id": row["crm_id"]},
                "updated_at": _seconds("2025-06-03 10:00:00+00"),
            }
            for row in ROWS["company_history"]
        ],
    }
    for name, rows in streams.items():
        airbyte_landing.stream(database, schema, name, rows)


def _conversation(row: Row) -> Row:
    rating = row.get("conversation_rating_value")
    replied = row.get("first_contact_reply_created_at")
    return {
        "id": str(row["id"]),
        "created_at": _seconds(row["created_at"]),
        "updated_at": _seconds(row["updated_at"]),
        "state": row["state"],
        "priority": row.get("priority"),
        "source": {
            "type": row.get("source_type"),
            "delivered_as": row.get("source_delivered_as"),
            "author": {"type": row.get("source_author_type"), "id": row.get("source_author_id")},
        },
        "first_contact_reply": {"created_at": _seconds(replied)} if replied else None,
        "contacts": {
            "type": "contact.list",
            "contacts": [
                {"type": "contact", "id": each["contact_id"]}
                for each in NEWEST["conversation_contact_history"]
                if each["conversation_id"] == row["id"]
            ],
        },
        "conversation_rating": {"rating": rating, "remark": ""} if rating is not None else None,
    }


def _part(row: Row) -> Row:
    assigned = row.get("assigned_to_id")
    return {
        "id": str(row["id"]),
        "conversation_id": row.get("conversation_id", CONVERSATION),
        "part_type": row["part_type"],
        "created_at": _seconds(row["created_at"]),
        "updated_at": _seconds(row["created_at"]),
        "author": {"type": row.get("author_type"), "id": row.get("author_id")},
        "assigned_to": None if assigned is None else {"type": "admin", "id": str(assigned)},
    }


def _seconds(moment: str) -> int:
    return int(datetime.fromisoformat(moment).timestamp())
