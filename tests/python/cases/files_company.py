"""Folders of files for companies of a few contracts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

ITEM_HEADER = (
    "subscription_item_id,subscription_id,valid_from,quantity,unit_amount,billing_interval"
)


def write(folder: Path, tables: Mapping[str, str]) -> Path:
    """Replace the files of a delivery: the name of each table and its lines."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in folder.iterdir():
        file.unlink()
    for name, text in tables.items():
        file = name if "." in name else f"{name}.csv"
        lines = [line.strip() for line in text.strip().splitlines()]
        content = text if "." in name else "\n".join(lines) + "\n"
        (folder / file).write_text(content, encoding="utf-8")
    return folder


def accounts(names: Sequence[str]) -> str:
    """A file of accounts of these ids."""
    rows = [f"{name},{name},2023-01-01T00:00:00Z" for name in names]
    return "\n".join(["account_id,account_name,created_at", *rows])


def one_line_each(names: Sequence[str], first_day: str = "2025-01-01") -> str:
    """A file of items: one of 100 a month for the subscription s_<name> of each account."""
    rows = [f"i_{name},s_{name},{first_day},1,100,month" for name in names]
    return "\n".join([ITEM_HEADER, *rows])
