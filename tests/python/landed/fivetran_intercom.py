"""A few conversations as Fivetran lands them of Intercom, every version a row."""

from pathlib import Path

from tests.python.landed.landing import land

SYNCED = "2025-07-01 02:00:00+00"
OLD, NEW = "2025-06-01 10:00:00+00", "2025-06-03 10:00:00+00"
TABLES = {
    "conversation_history": "id bigint, updated_at timestamptz, created_at timestamptz,"
    " state varchar, priority varchar, source_type varchar,"
    " source_author_id varchar, source_author_type varchar, source_delivered_as varchar,"
    " first_contact_reply_created_at timestamptz,"
    " conversation_rating_value bigint, _fivetran_synced timestamptz",
    "conversation_part_history": "id bigint, updated_at timestamptz, conversation_id bigint,"
    " part_type varchar, author_id varchar, author_type varchar, assigned_to_id bigint,"
    " created_at timestamptz, _fivetran_synced timestamptz",
    "conversation_contact_history": "contact_id varchar, conversation_id bigint,"
    " conversation_updated_at timestamptz, _fivetran_synced timestamptz",
    "contact_company_history": "company_id varchar, contact_id varchar,"
    " contact_updated_at timestamptz, _fivetran_synced timestamptz",
    "company_history": "id varchar, updated_at timestamptz, company_id varchar, name varchar,"
    " crm_id varchar, _fivetran_deleted boolean, _fivetran_synced timestamptz",
}
ROWS = {
    "conversation_history": [
        {"id": 1, "updated_at": OLD, "created_at": OLD, "state": "open"},
        {
            "id": 1,
            "updated_at": NEW,
            "created_at": OLD,
            "state": "closed",
            "priority": "priority",
            "source_type": "email",
            "source_author_type": "user",
            "conversation_rating_value": 5,
        },
        {
            "id": 2,
            "updated_at": OLD,
            "created_at": OLD,
            "state": "snoozed",
            "conversation_rating_value": 3,
        },
    ],
    "conversation_part_history": [
        {"id": 11, "part_type": "comment", "author_type": "admin", "created_at": OLD},
        {"id": 12, "part_type": "note", "author_type": "admin", "created_at": OLD},
        {"id": 13, "part_type": "comment", "author_type": "bot", "created_at": OLD},
        {"id": 14, "part_type": "close", "author_type": "admin", "created_at": NEW},
        {"id": 15, "part_type": "assignment", "author_type": "admin", "assigned_to_id": 7,
         "created_at": NEW},
    ],
    "conversation_contact_history": [
        {"conversation_id": 1, "contact_id": "moved_away", "conversation_updated_at": OLD},
        {"conversation_id": 1, "contact_id": "ann", "conversation_updated_at": NEW},
    ],
    "contact_company_history": [
        {"contact_id": "ann", "company_id": "c0", "contact_updated_at": OLD},
        {"contact_id": "ann", "company_id": "c1", "contact_updated_at": NEW},
    ],
    "company_history": [
        {"id": "c0", "company_id": "before", "crm_id": "crm0"},
        {"id": "c1", "company_id": "acme", "crm_id": "crm1"},
    ],
}  # fmt: skip


def land_intercom(database: Path, schema: str = "intercom") -> None:
    """Land the conversations."""
    for table, columns in TABLES.items():
        parts = {"conversation_id": 1} if table == "conversation_part_history" else {}
        rows = [{"_fivetran_synced": SYNCED, **parts, **row} for row in ROWS[table]]
        land(database, schema, table, columns, rows)
