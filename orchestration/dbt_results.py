"""What a dbt build did, read from its `run_results.json`."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import duckdb

from orchestration.database import connect

TEST_TYPES = ("test", "unit_test")
HOOK = "operation"
NOT_DONE = ("error", "fail", "runtime error")
# What is shown of the rows that a test found.
SHOWN_ROWS, SHOWN_LETTERS = 3, 240
# A comment at the top of a file: one of Jinja, or lines of SQL, after any config.
LEADING_COMMENT = re.compile(
    r"(?:\s|\{\{.*?\}\})*(?:\{#-?(?P<block>.*?)-?#\}|(?P<lines>(?:[ \t]*--[^\n]*\n?)+))", re.DOTALL
)


@dataclass(frozen=True)
class Problem:
    """A model that could not be built, or a test that failed or warned.

    Attributes:
        name: The node's name.
        kind: model, seed, snapshot, test or unit_test.
        failing_rows: How many rows a test found; none for what is not a test.
        description: What the node is for, in the words of its YAML.
        message: What dbt said.
        compiled: Where the compiled SQL is.
        model: The model that a data test checks; empty for what is no data test.
        first_rows: The first rows that a data test found.
    """

    name: str
    kind: str
    failing_rows: int | None
    description: str
    message: str
    compiled: Path | None
    model: str = ""
    first_rows: tuple[str, ...] = ()


@dataclass
class BuildResult:
    """The outcome of one `dbt build`."""

    built: int = 0
    tests_passed: int = 0
    tests_warned: int = 0
    tests_failed: int = 0
    skipped: int = 0
    failures: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def succeeded(self) -> bool:
        """Whether everything was built and no test of severity error failed."""
        return not self.failures and not self.skipped


def read_results(target: Path) -> dict[str, Any]:
    """Return what dbt wrote of its last command; empty where it stopped before it ran a node."""
    file = target / "run_results.json"
    return json.loads(file.read_bytes()) if file.is_file() else {"results": []}


def read_build(target: Path, manifest: Mapping[str, Any]) -> BuildResult:
    """Read the result of the last build from dbt's target folder.

    Args:
        target: dbt's target folder.
        manifest: The manifest, for the descriptions of the nodes.

    Returns:
        The counts and every problem.
    """
    content = read_results(target)
    build = BuildResult(seconds=content.get("elapsed_time") or 0.0)
    counts: Counter[tuple[str, str]] = Counter()
    for result in content["results"]:
        kind = result["unique_id"].split(".", 1)[0]
        status = result["status"]
        if kind == HOOK and status == "success":
            continue
        counts["test" if kind in TEST_TYPES else "node", status] += 1
        if status in NOT_DONE:
            build.failures.append(_problem(result, kind, manifest, target))
        elif status == "warn":
            build.warnings.append(_problem(result, kind, manifest, target))
    build.built = counts["node", "success"]
    build.tests_passed = counts["test", "pass"] + counts["test", "success"]
    build.tests_warned = counts["test", "warn"]
    build.tests_failed = sum(counts["test", status] for status in NOT_DONE)
    build.skipped = counts["node", "skipped"] + counts["test", "skipped"]
    return build


def _problem(
    result: Mapping[str, Any], kind: str, manifest: Mapping[str, Any], target: Path
) -> Problem:
    unique_id = result["unique_id"]
    node = manifest["nodes"].get(unique_id) or manifest.get("unit_tests", {}).get(unique_id) or {}
    return Problem(
        name=node.get("name", unique_id),
        kind=kind,
        failing_rows=result.get("failures") if kind == "test" else None,
        description=description_of(node),
        message=(result.get("message") or "").strip(),
        compiled=_compiled_path(node, kind, target),
        model=protected_by(node, manifest) if kind == "test" and node else "",
    )


def with_first_rows(problem: Problem, warehouse: Path) -> Problem:
    """Return a data test that failed with the first rows that it found, cut to a line each.

    Where they cannot be read, because a model of it was not built, it is as it was.
    """
    if not problem.failing_rows or problem.compiled is None:
        return problem
    sql = problem.compiled.read_text(encoding="utf-8")
    try:
        with connect(warehouse, read_only=True) as connection:
            found = connection.execute(f"select * from ({sql}) limit {SHOWN_ROWS}")
            columns = [each[0] for each in found.description]
            rows = found.fetchall()
    except duckdb.Error:
        return problem
    lines = (
        ", ".join(f"{name}: {value}" for name, value in zip(columns, row, strict=True))
        for row in rows
    )
    return replace(problem, first_rows=tuple(line[:SHOWN_LETTERS] for line in lines))


def protected_by(node: Mapping[str, Any], manifest: Mapping[str, Any]) -> str:
    """Return the name of the model that a data test checks.

    A test of several tables names the one that it is a check of; else it is the first.
    """
    meta = (node.get("config") or {}).get("meta") or {}
    named = ((meta.get("dagster") or {}).get("ref") or {}).get("name")
    if named:
        return str(named)
    reads = [node.get("attached_node"), *node.get("depends_on", {}).get("nodes", [])]
    first = next((name for name in reads if name), node.get("name", ""))
    table = manifest["nodes"].get(first) or manifest.get("sources", {}).get(first) or {}
    return str(table.get("name", first))


def description_of(node: Mapping[str, Any]) -> str:
    """Return what a node is for: its description, else the comment its SQL begins with."""
    described = (node.get("description") or "").strip()
    if described or node.get("resource_type") != "test" or node.get("test_metadata"):
        return described
    comment = LEADING_COMMENT.match(node.get("raw_code") or "")
    if comment is None:
        return ""
    text = comment["block"] or re.sub(r"^[ \t]*--", " ", comment["lines"], flags=re.MULTILINE)
    return " ".join(text.split())


def _compiled_path(node: Mapping[str, Any], kind: str, target: Path) -> Path | None:
    """Return where dbt wrote the node's SQL; a generic test's lies below its YAML file's path."""
    if not node or kind == "unit_test":
        return None
    below = target / "compiled" / node["package_name"] / node["original_file_path"]
    candidates = [below / node["path"], below]
    return next((path for path in candidates if path.is_file()), None)
