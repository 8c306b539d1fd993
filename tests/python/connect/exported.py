"""What the events of a system are as its export files bring them, by the mapping of their page."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from orchestration.loads import Landed, Landing
from orchestration.loads.landed import API
from tests.python.connect.company import Fetched, Raw, loaded
from tests.python.mapping.test_exports import mapping_of

COLUMNS = (
    "event_id", "account_id", "user_id", "event_name", "occurred_at", "received_at", "properties",
)  # fmt: skip
PRODUCT = frozenset({"product"})


def from_files(
    system: str, files: dict[str, bytes], home: Path, as_of: date, *, number: int = 1
) -> Raw:
    """Load export files of a system with the mapping of docs/connect/files."""
    folder = home / "exports"
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    mapping_of(system, home)
    text = (home / f"{system}.yml").read_text(encoding="utf-8")
    (folder / "mapping.yml").write_text(text, encoding="utf-8")
    more = {"domains": PRODUCT, "folder_domains": PRODUCT}
    return loaded("files", folder, home, number, as_of, **more)


def events(raw: Raw, *columns: str) -> list[tuple[Any, ...]]:
    """The newest row of each event, in the order of their ids."""
    names = ", ".join(columns or COLUMNS)
    return raw.query(
        f"select {names} from raw_files.events qualify row_number() over (partition by event_id"
        " order by _dlt_load_id desc, _source_line desc) = 1 order by event_id"
    )


def from_api(fetched: Fetched, as_of: date) -> Raw:
    """Load what was fetched of a system that speaks for the use of the product alone."""
    fetched.loads += 1
    system = fetched.road.vendor
    landed = Landed.of(API, fetched.folder, system, columns=fetched.road.columns)
    more = {
        "landings": (Landing(system, landed, PRODUCT),),
        "domains": PRODUCT,
        "folder_domains": frozenset(),
    }
    beside = fetched.home / "deliveries"
    return loaded("files", beside, fetched.home, fetched.loads, as_of, **more)
