"""The pages say what is read, and no more."""

from __future__ import annotations

from pathlib import Path

from orchestration.connectors.road import vendor_names
from orchestration.loads.adapters import adapter_names, read_adapter
from orchestration.loads.landed import API
from tests.python.roads import PAGE, proofs, written

PAGES = Path(__file__).resolve().parents[3] / "docs" / "connect"


def test_the_table_of_systems_and_roads_is_that_of_the_tests():
    found = proofs()
    page = PAGE.read_text(encoding="utf-8")
    assert page == written(page, found), "python -m tests.python.roads writes it"
    built = {(vendor, loader) for loader, vendors in adapter_names().items() for vendor in vendors}
    built |= {(vendor, "api") for vendor in vendor_names()}
    proven = {(system.lower(), road) for system, road in found if road != "files"}
    assert proven == built


def test_every_required_table_is_on_the_page_of_its_loader():
    for loader, vendors in adapter_names().items():
        # What a connector of this project fetches, nobody selects.
        if loader == API:
            continue
        page = (PAGES / f"{loader}.md").read_text(encoding="utf-8").lower()
        for vendor in vendors:
            own = PAGES / f"{vendor}.md"
            text = page + (own.read_text(encoding="utf-8").lower() if own.is_file() else "")
            adapter = read_adapter(loader, vendor)
            for table in adapter.tables.values():
                for name in table.needs if table.required else ():
                    names = adapter.relations[name].names
                    assert any(f"`{each.lower()}`" in text for each in names), (loader, name)
