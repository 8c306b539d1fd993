"""Our own people: customer success managers in the CRM, agents in support."""

from demo import names
from demo.accounts import LEAVER, LEAVES, csm_count, csm_id
from demo.clock import at, iso, iso_seconds
from demo.export import zendesk
from demo.export.delighted import csv_line
from demo.ids import salesforce
from demo.streams import stream

MANAGERS = 2
HEAD = 0


def manager_id(number: int) -> str:
    """Salesforce id of a manager; the head is number 0."""
    return salesforce("user", 10 + number)


def staff_name(kind: str, number: int) -> tuple[str, str]:
    """Name of one of our people."""
    return names.person(stream(0, f"staff-{kind}", number))


def salesforce_rows(scale: float, cut: int) -> dict[str, list[str]]:
    """User.csv: a head, managers, and those who look after accounts."""
    lines = []

    def add(key: str, kind: str, number: int, manager: str, *, active: bool, changed: int) -> None:
        first, last = staff_name(kind, number)
        email = f"{first}.{last}{number}@ourcompany.example".lower()
        cells = (key, f"{first} {last}", email, manager, str(active).lower(), iso(changed))
        lines.append(csv_line(cells))

    hired = at(2022, 3, 1, 9)
    add(manager_id(HEAD), "head", HEAD, "", active=True, changed=hired)
    for number in range(1, MANAGERS + 1):
        add(manager_id(number), "manager", number, manager_id(HEAD), active=True, changed=hired)
    for number in range(csm_count(scale)):
        gone = number == LEAVER and cut > LEAVES
        boss = manager_id(1 + number % MANAGERS)
        changed = LEAVES if gone else hired
        add(csm_id(number), "csm", number, boss, active=not gone, changed=changed)
    return {"salesforce/User.csv": lines}


def zendesk_rows() -> dict[str, list[str]]:
    """Our agents as Zendesk users."""
    since = iso_seconds(at(2022, 6, 1, 9))
    lines = []
    for number in zendesk.agents():
        first, last = staff_name("agent", -number)
        row = {
            "id": zendesk.agent_id(number),
            "name": f"{first} {last}",
            "email": f"{first}.{last}@ourcompany.example".lower(),
            "role": "admin" if number == -1 else "agent",
            "organization_id": None,
            "created_at": since,
            "updated_at": since,
        }
        lines.append(zendesk.text(row))
    return {"zendesk/users.jsonl": lines}
