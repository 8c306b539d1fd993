"""The table of docs/requirements.md: what was asked, what answers it and which test holds it.

`python -m tests.python.requirements.table` writes the page from tests/requirements.yml.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[3]
SOURCE = ROOT / "tests" / "requirements.yml"
PAGE = ROOT / "docs" / "requirements.md"

HEAD = """\
# What was asked, and what answers it

Written by `python -m tests.python.requirements.table` from `tests/requirements.yml`; do not edit. A
row names the published columns that answer it and a test of what they mean, which may be of the
model below that makes the figure. A test holds that each column exists, is described and is filled
on the demo company. Risk signals share their columns: which signal is of which requirement is in
`mart_risk_signals.requirement`.

"""


def requirements() -> dict[str, dict[str, Any]]:
    """Return number -> requirement, in the order of the numbers."""
    return yaml.safe_load(SOURCE.read_text(encoding="utf-8"))["requirements"]


def status(requirement: Mapping[str, Any]) -> str:
    """Return whether a requirement is answered, in part or not."""
    if not requirement.get("by"):
        return "not"
    return "partly" if "missing" in requirement else "answered"


def page(rows: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the whole page as Markdown."""
    counts = dict.fromkeys(("answered", "partly", "not"), 0)
    for row in rows.values():
        counts[status(row)] += 1
    lines = [
        f"Of {len(rows)} rows {counts['answered']} are answered, {counts['partly']} in part, "
        f"{counts['not']} not.",
        "",
        "| # | asks | status | columns | test | missing |",
        "|---|---|---|---|---|---|",
    ]
    for number, row in rows.items():
        columns = "<br>".join(f"`{column}`" for column in row.get("by", []))
        test = f"`{row['test']}`" if "test" in row else ""
        lines.append(
            f"| {number} | {row['asks']} | {status(row)} | {columns} | {test} "
            f"| {row.get('missing', '')} |"
        )
    return HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(requirements()), encoding="utf-8")
