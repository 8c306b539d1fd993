"""What dbt compiled: models, their unit tests with fixtures, their data tests."""

import hashlib
import json
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

import sqlglot
from sqlglot import exp

from mutation.sites import DIALECT, FIXTURE

ACTUAL, EXPECTED = "dbt_internal_unit_test_actual", "dbt_internal_unit_test_expected"


class ProjectError(RuntimeError):
    """The home cannot be used; the message says what to do."""


@dataclass(slots=True)
class Model:
    """A compiled model and its place in the graph."""

    unique_id: str
    name: str
    path: str
    relation: str
    materialized: str
    sql: str
    parents: list[str]


@dataclass(slots=True)
class DataTest:
    """A data test: it fails when its query gives rows."""

    name: str
    sql: str
    models: set[str]


@dataclass(slots=True)
class UnitTest:
    """A unit test: the tables it gives, and the query over the model with their names."""

    name: str
    columns: list[str]
    fixtures: dict[str, str]
    body: exp.Expression
    expected: str


@dataclass(slots=True)
class Project:
    """All of it, from the target folder of a refreshed home."""

    root: Path
    target: Path
    models: dict[str, Model] = field(default_factory=dict)
    data_tests: list[DataTest] = field(default_factory=list)
    _units: dict[str, list[dict]] = field(default_factory=dict)

    @classmethod
    def read(cls, root: Path, target: Path) -> "Project":
        """Read the manifest and the compiled files beside it."""
        path = target / "manifest.json"
        if not path.exists():
            raise ProjectError(f"{path} is missing. Refresh that home first: csw refresh.")
        manifest = json.loads(path.read_text(encoding="utf-8"))
        project = cls(root, target)
        compiled = target / "compiled" / manifest["metadata"]["project_name"]
        for key, node in manifest["nodes"].items():
            file = compiled / node["original_file_path"]
            if node["resource_type"] == "model" and file.exists():
                project._check(node)
                project.models[key] = Model(
                    key,
                    node["name"],
                    node["original_file_path"],
                    node["relation_name"],
                    node["config"]["materialized"],
                    file.read_text(encoding="utf-8"),
                    [k for k in node["depends_on"]["nodes"] if k.startswith("model.")],
                )
            elif node["resource_type"] == "test":
                project._add_data_test(node, compiled)
        for node in manifest["unit_tests"].values():
            project._units.setdefault(node["model"], []).append(node)
        return project

    def _check(self, node: dict) -> None:
        """Say so when a model was edited since the home was refreshed."""
        source = self.root / node["original_file_path"]
        text = source.read_text(encoding="utf-8").strip() if source.exists() else ""
        if hashlib.sha256(text.encode()).hexdigest() != node["checksum"]["checksum"]:
            raise ProjectError(
                f"{node['original_file_path']} is not what the home was refreshed with. "
                "Refresh it again, or leave --home out."
            )

    def _add_data_test(self, node: dict, compiled: Path) -> None:
        folder = compiled / node["original_file_path"]
        file = folder / node["path"] if folder.suffix in (".yml", ".yaml") else folder
        if file.exists():
            models = {k for k in node["depends_on"]["nodes"] if k.startswith("model.")}
            sql = file.read_text(encoding="utf-8")
            self.data_tests.append(DataTest(node["name"], sql, models))

    def chosen(self, patterns: list[str]) -> list[Model]:
        """Models whose path matches one of the patterns, in the order of their names."""
        found = [
            model
            for model in self.models.values()
            if any(fnmatch(model.path, pattern) for pattern in patterns)
        ]
        return sorted(found, key=lambda model: model.path)

    def descendants(self, model: Model, among: set[str]) -> list[Model]:
        """What is built from a model, directly or not, in an order that can be built."""
        below, grown = {model.unique_id}, True
        while grown:
            more = {
                key
                for key, other in self.models.items()
                if key not in below and key in among and below & set(other.parents)
            }
            below |= more
            grown = bool(more)
        order: list[Model] = []
        waiting = below - {model.unique_id}
        while waiting:
            ready = [k for k in sorted(waiting) if not waiting & set(self.models[k].parents)]
            order += [self.models[key] for key in ready]
            waiting -= set(ready)
        return order

    def unit_tests(self, model: Model) -> list[UnitTest]:
        """The unit tests of a model, as dbt ran them last."""
        found = []
        for node in self._units.get(model.name, []):
            folder = self.target / "run" / model.unique_id.split(".")[1]
            files = list((folder / node["original_file_path"]).rglob(f"{node['name']}.sql"))
            if not files:
                raise ProjectError(
                    f"The unit test {node['name']} was not run in this home. Run "
                    "csw dbt -- test --select test_type:unit, or leave --home out."
                )
            found.append(_unit_test(node["name"], files[0].read_text(encoding="utf-8")))
        return sorted(found, key=lambda test: test.name)


def _unit_test(name: str, sql: str) -> UnitTest:
    """Take the comparison apart that dbt made of a unit test."""
    tree = sqlglot.parse_one(sql, dialect=DIALECT)
    parts = {cte.alias: cte.this for cte in tree.ctes}
    subquery = parts[ACTUAL].find(exp.Subquery)
    body = subquery.this
    columns = [
        column.alias_or_name
        for column in parts[ACTUAL].expressions
        if column.alias_or_name != "actual_or_expected"
    ]
    expected = parts[EXPECTED].find(exp.Subquery).this.sql(dialect=DIALECT)
    if ACTUAL in expected:
        # dbt's way to say that no row is expected.
        expected = "select 1 where false"
    fixtures = {}
    for cte in list(body.ctes):
        if cte.alias.startswith(FIXTURE):
            fixtures[cte.alias] = cte.this.sql(dialect=DIALECT)
            cte.pop()
    if not body.ctes:
        body.set("with_", None)
    return UnitTest(name, columns, fixtures, body, expected)
