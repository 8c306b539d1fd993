"""The pages say what is read, and no more."""

from __future__ import annotations

import re
from pathlib import Path

from orchestration.loads.adapters import adapter_names, read_adapter

PAGES = Path(__file__).resolve().parents[3] / "docs" / "connect"


def test_the_table_of_systems_and_loaders_is_that_of_the_adapters():
    page = (PAGES / "landed-tables.md").read_text(encoding="utf-8")
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in page.splitlines()
        if re.match(r"\| \S+ \| (fivetran|tested|no) \|", line)
    ]
    loaders = rows[0][1:]
    told = {
        (loader, re.sub(r"\[(\w+)\].*", r"\1", row[0]))
        for row in rows[1:]
        for loader, word in zip(loaders, row[1:], strict=True)
        if word == "tested"
    }
    assert told == {(loader, each) for loader, found in adapter_names().items() for each in found}


def test_every_required_table_is_on_the_page_of_its_loader():
    for loader, vendors in adapter_names().items():
        page = (PAGES / f"{loader}.md").read_text(encoding="utf-8").lower()
        for vendor in vendors:
            own = PAGES / f"{vendor}.md"
            text = page + (own.read_text(encoding="utf-8").lower() if own.is_file() else "")
            adapter = read_adapter(loader, vendor)
            for table in adapter.tables.values():
                for name in table.needs if table.required else ():
                    names = adapter.relations[name].names
                    assert any(f"`{each.lower()}`" in text for each in names), (loader, name)
