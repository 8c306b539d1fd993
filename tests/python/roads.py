"""Which systems come by which road, read from the tests that prove it.

A test that proves a road is marked ``@pytest.mark.road("<system>", "<road>", …)``. The table of
``docs/connect/README.md`` is written from these marks:

    python -m tests.python.roads
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "connect" / "README.md"
ROADS = {"files": "files", "api": "API", "fivetran": "Fivetran", "airbyte": "Airbyte", "dlt": "dlt"}
_BEGIN, _END = "<!-- roads -->", "<!-- end of roads -->"
_MARK = "road:"

Proofs = dict[tuple[str, str], list[str]]


def pytest_collection_finish(session: pytest.Session) -> None:
    """Print the marks of what was collected; this module is a plugin of its own collection."""
    for item in session.items:
        module = Path(str(item.path)).relative_to(ROOT).as_posix()
        for mark in item.iter_markers("road"):
            system, *roads = mark.args
            for road in roads:
                print(_MARK, json.dumps([system, road, module]))


def proofs() -> Proofs:
    """The test modules that prove a system's road, by system and road.

    Raises:
        RuntimeError: Tests cannot be collected, or a mark names a road that there is not.
    """
    plugins = ["-p", "tests.python.roads", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", *plugins, "-m", "road", "tests"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"The tests cannot be collected:\n{done.stdout[-2000:]}{done.stderr}")
    found: Proofs = {}
    for line in done.stdout.splitlines():
        if not line.startswith(_MARK):
            continue
        system, road, module = json.loads(line.removeprefix(_MARK))
        if road not in ROADS:
            raise RuntimeError(f"{module}: there is no road '{road}', only {', '.join(ROADS)}")
        modules = found.setdefault((system, road), [])
        if module not in modules:
            modules.append(module)
    return found


def table(found: Proofs) -> str:
    """A row a system, a column a road; each cell links to the tests."""
    lines = [f"| system | {' | '.join(ROADS.values())} |", "|---" * (len(ROADS) + 1) + "|"]
    for system in sorted({system for system, _ in found}, key=str.lower):
        cells = [_cell(found.get((system, road), [])) for road in ROADS]
        lines.append(f"| {_named(system)} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(modules: list[str]) -> str:
    links = [
        f"[tested{f' {number}' if len(modules) > 1 else ''}](../../{module})"
        for number, module in enumerate(sorted(modules), 1)
    ]
    return ", ".join(links) or "no"


def _named(system: str) -> str:
    """The system with a link to its page, where there is one."""
    for page in (f"{_slug(system)}.md", f"files/{_slug(system)}.md"):
        if (PAGE.parent / page).is_file():
            return f"[{system}]({page})"
    return system


def _slug(system: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", system.lower())


def written(page: str, found: Proofs) -> str:
    """The page with the table of today between its two marks."""
    head, rest = page.split(_BEGIN)
    _, tail = rest.split(_END)
    return f"{head}{_BEGIN}\n{table(found)}\n{_END}{tail}"


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8"), proofs()), encoding="utf-8")
