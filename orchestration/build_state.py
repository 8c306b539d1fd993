"""What the last build left in the warehouse, to know what the next one may leave out."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Self

from orchestration.home import Home
from orchestration.manifest import read_manifest
from orchestration.project import default_vars, vars_arguments
from orchestration.state import read_json, write_json

BUILD_STATE_FILE = "last_build.json"


def build_state_file(home: Home) -> Path:
    """Return where the state of the last build is kept."""
    return home.path / "dbt" / BUILD_STATE_FILE


class BuildState:
    """The last build: its day, whether it passed, and the code it was of.

    Attributes:
        content: What the file says.
        incremental: The present state of the incremental models.
        code: The present state of all that a unit test depends on.
    """

    def __init__(
        self, path: Path, content: Mapping[str, Any], *, incremental: str, code: str
    ) -> None:
        """Take the file, what it says, and the present state of the project."""
        self.path = path
        self.content = dict(content)
        self.incremental = incremental
        self.code = code

    @classmethod
    def read(cls, home: Home) -> Self:
        """Read the state a home is in."""
        path = build_state_file(home)
        content = read_json(path)
        if path.is_file() and not content:
            # There was a build of some day: what the incremental tables hold of it is not known.
            content = {"as_of": date.min.isoformat()}
        manifest = read_manifest(home)
        used_vars = vars_arguments(home)
        return cls(
            path,
            content,
            incremental=incremental_models(
                manifest, [*used_vars, json.dumps(default_vars(), default=str)]
            ),
            code=unit_tested_code(manifest, used_vars),
        )

    @property
    def succeeded(self) -> bool:
        """Whether the warehouse holds a build whose tests passed."""
        return bool(self.content.get("succeeded"))

    @property
    def code_changed(self) -> bool:
        """Whether somebody changed the code since the last build that passed.

        Unit tests check code, not data: they are due then. The code as it came has passed them.
        """
        return "code" in self.content and self.content["code"] != self.code

    def stands_on(self, ground: str) -> bool:
        """Whether the last build passed on this ground: see `orchestration.standing`."""
        return self.succeeded and self.content.get("ground") == ground

    def full_refresh_reason(self, as_of: date, *, asked: bool) -> str:
        """Say why the incremental tables must be rebuilt; empty when they need not be."""
        if asked:
            return "Incremental tables are rebuilt from the first day, as asked."
        built = self.content.get("as_of")
        if built and as_of.isoformat() < built:
            return f"Incremental tables are rebuilt: {as_of} is before {built}, the last run's day."
        if built and "incremental" not in self.content:
            return "Incremental tables are rebuilt: no build has passed yet."
        if built and self.content["incremental"] != self.incremental:
            return "Incremental tables are rebuilt: their models or settings changed."
        return ""

    def start(self, as_of: date) -> None:
        """Record that the warehouse is being changed: until the end it is not to be published.

        The day counts from now on: a build that fails may have filled incremental tables up to it.
        """
        reached = max(self.content.get("as_of", ""), as_of.isoformat())
        self._write({**self.content, "succeeded": False, "as_of": reached})

    def finish(self, run_id: str, as_of: date, ground: str) -> None:
        """Record a build whose tests have passed, and the ground its views and seeds stand on."""
        self._write(
            {
                "succeeded": True,
                "run_id": run_id,
                "as_of": as_of.isoformat(),
                "incremental": self.incremental,
                "code": self.code,
                "ground": ground,
            }
        )

    def _write(self, content: Mapping[str, Any]) -> None:
        self.content = dict(content)
        write_json(self.path, content)


def incremental_models(manifest: Mapping[str, Any], used_vars: list[str]) -> str:
    """Return a hash of what decides the rows of the incremental models.

    That is their own code, that of every model they are made of, and the macros of all of these:
    the rows of earlier days stay as an earlier version counted them, unless all are counted again.
    """
    nodes = manifest["nodes"]
    incremental = {
        name: node
        for name, node in nodes.items()
        if node["config"].get("materialized") == "incremental"
    }
    models = {
        name
        for name in _with_all(incremental, nodes, "nodes")
        if nodes[name]["resource_type"] == "model"
    }
    macros = manifest.get("macros", {})
    strategies = {
        f"get_incremental_{node['config'].get('incremental_strategy')}_sql"
        for node in incremental.values()
    }
    named = {name for name in macros if name.rpartition(".")[2] in strategies}
    for model in models:
        named |= {*nodes[model].get("depends_on", {}).get("macros", ())}
    return _hash(
        {name: nodes[name]["checksum"]["checksum"] for name in models},
        {name: macros[name]["macro_sql"] for name in _with_all(named, macros, "macros")},
        used_vars,
    )


def _with_all(names: Iterable[str], known: Mapping[str, Any], kind: str) -> set[str]:
    """Return names with everything that they depend on, as far as it is known."""
    found: set[str] = set()
    left = [*names]
    while left:
        name = left.pop()
        if name in known and name not in found:
            found.add(name)
            left += known[name].get("depends_on", {}).get(kind, ())
    return found


def unit_tested_code(manifest: Mapping[str, Any], used_vars: list[str]) -> str:
    """Return a hash of models, seeds, macros and unit tests: what a unit test's result hangs on."""
    nodes = {
        name: node["checksum"]["checksum"]
        for name, node in manifest["nodes"].items()
        if node["resource_type"] in ("model", "seed")
    }
    macros = {name: macro["macro_sql"] for name, macro in manifest.get("macros", {}).items()}
    tests = {
        name: [test["model"], test["given"], test["expect"], test.get("overrides")]
        for name, test in manifest.get("unit_tests", {}).items()
    }
    return _hash(nodes, macros, tests, used_vars)


def _hash(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
