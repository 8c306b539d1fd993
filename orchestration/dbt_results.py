"""What a dbt build did, read from its `run_results.json`."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TEST_TYPES = ("test", "unit_test")
HOOK = "operation"
NOT_DONE = ("error", "fail", "runtime error")
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
    """

    name: str
    kind: str
    failing_rows: int | None
    description: str
    message: str
    compiled: Path | None


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


def read_build(target: Path, manifest: Mapping[str, Any]) -> BuildResult:
    """Read the result of the last build from dbt's target folder.

    Args:
        target: dbt's target folder.
        manifest: The manifest, for the descriptions of the nodes.

    Returns:
        The counts and every problem.
    """
    content = json.loads((target / "run_results.json").read_bytes())
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
    )


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
