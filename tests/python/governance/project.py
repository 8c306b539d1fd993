"""What the rules look at: the dbt manifest as a few small records."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Self

import pytest
import yaml
from dbt.cli.main import dbtRunner

ROOT = Path(__file__).resolve().parents[3]
DOMAINS = ("crm", "billing", "product", "support", "feedback")


@dataclass(frozen=True)
class Node:
    """A model, seed, snapshot or source table."""

    unique_id: str
    name: str
    kind: str = "model"
    path: str = ""
    yaml_path: str = ""
    code: str = ""
    description: str = ""
    columns: Mapping[str, "Column"] = field(default_factory=dict)
    reads: frozenset[str] = frozenset()
    access: str = "protected"
    group: str | None = None
    is_contracted: bool = False
    meta: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""

    @property
    def folders(self) -> tuple[str, ...]:
        """The folders below `models/`: the layer, then the subject."""
        return PurePosixPath(self.path).parent.parts[1:]

    @property
    def layer(self) -> str:
        """The layer of a model; `source`, `seed` or `snapshot` for what is no model."""
        if self.kind != "model":
            return self.kind
        return self.folders[0] if self.folders else ""

    @property
    def subject(self) -> str:
        """The folder below the layer, empty when the file lies in the layer itself."""
        return "/".join(self.folders[1:])

    @property
    def is_published(self) -> bool:
        """True for what BI reads: the marts, and the facts that say so."""
        return self.layer == "marts" or bool(self.meta.get("published"))


@dataclass(frozen=True)
class Column:
    """A column as the YAML beside the model has it."""

    description: str = ""
    data_type: str = ""
    is_personal: bool = False


@dataclass(frozen=True)
class DataTest:
    """A dbt test: generic (declared in YAML) or singular (a file of its own)."""

    unique_id: str
    name: str
    path: str = ""
    code: str = ""
    generic: str | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    attached_to: str | None = None
    reads: frozenset[str] = frozenset()
    severity: str = "error"
    where: str | None = None
    meta: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Code:
    """SQL or Jinja that is no model: a macro, a generic test or an analysis."""

    name: str
    path: str
    code: str


@dataclass(frozen=True)
class Project:
    """The whole graph under one choice of source systems."""

    nodes: Mapping[str, Node]
    tests: tuple[DataTest, ...] = ()
    other_code: tuple[Code, ...] = ()
    groups: Mapping[str, str] = field(default_factory=dict)
    # File and model of each.
    unit_tests: frozenset[tuple[str, str]] = frozenset()

    @property
    def models(self) -> list[Node]:
        """The models, by name."""
        return self._of_kind("model")

    @property
    def seeds(self) -> list[Node]:
        """The seeds, by name."""
        return self._of_kind("seed")

    @property
    def sources(self) -> list[Node]:
        """The source tables, by name."""
        return self._of_kind("source")

    @property
    def published(self) -> list[Node]:
        """What BI reads, by name."""
        return [model for model in self.models if model.is_published]

    def tests_on(self, node: Node, generic: str) -> list[DataTest]:
        """Return the tests of one kind that hang on a node."""
        return [
            test
            for test in self.tests
            if test.attached_to == node.unique_id and test.generic == generic
        ]

    def _of_kind(self, kind: str) -> list[Node]:
        return sorted(
            (node for node in self.nodes.values() if node.kind == kind),
            key=lambda node: node.name,
        )

    @classmethod
    def of(cls, *nodes: Node, tests: Iterable[DataTest] = ()) -> Self:
        """Make a project of a few nodes, for trying a rule."""
        return cls(nodes={node.unique_id: node for node in nodes}, tests=tuple(tests))

    @classmethod
    def from_manifest(cls, manifest: Mapping[str, Any]) -> Self:
        """Read this project's own nodes from a manifest; dbt's built-in macros are left out."""
        package = manifest["metadata"]["project_name"]
        own = [
            node
            for node in [*manifest["nodes"].values(), *manifest["sources"].values()]
            if node["package_name"] == package
        ]
        nodes = {
            node["unique_id"]: _node(node)
            for node in own
            if node["resource_type"] in ("model", "seed", "snapshot", "source")
        }
        tests = tuple(_data_test(node) for node in own if node["resource_type"] == "test")
        other_code = [
            Code(macro["name"], macro["original_file_path"], macro["macro_sql"])
            for macro in manifest["macros"].values()
            if macro["package_name"] == package
        ]
        other_code += [
            Code(node["name"], node["original_file_path"], node["raw_code"])
            for node in own
            if node["resource_type"] == "analysis"
        ]
        groups = {group["name"]: group["owner"]["name"] for group in manifest["groups"].values()}
        return cls(
            nodes=nodes,
            tests=tests,
            other_code=tuple(other_code),
            groups=groups,
            unit_tests=frozenset(
                (test["original_file_path"], test["model"])
                for test in manifest["unit_tests"].values()
            ),
        )


def _node(node: Mapping[str, Any]) -> Node:
    return Node(
        unique_id=node["unique_id"],
        name=node["name"],
        kind=node["resource_type"],
        path=node["original_file_path"].replace("\\", "/"),
        yaml_path=(node.get("patch_path") or "").partition("://")[2].replace("\\", "/"),
        code=node.get("raw_code") or "",
        description=(node.get("description") or "").strip(),
        columns={
            name: Column(
                description=(column.get("description") or "").strip(),
                data_type=(column.get("data_type") or "").lower().replace(" ", ""),
                is_personal=bool((column.get("meta") or {}).get("pii")),
            )
            for name, column in node["columns"].items()
        },
        reads=frozenset(node.get("depends_on", {}).get("nodes", [])),
        access=node.get("access") or "",
        group=node.get("group") or node["config"].get("group"),
        is_contracted=bool((node.get("contract") or {}).get("enforced")),
        meta=node["config"].get("meta") or {},
        source=node.get("source_name") or "",
    )


def _data_test(node: Mapping[str, Any]) -> DataTest:
    generic = node.get("test_metadata") or {}
    return DataTest(
        unique_id=node["unique_id"],
        name=node["name"],
        path=node["original_file_path"],
        code=node["raw_code"],
        generic=generic.get("name"),
        arguments=generic.get("kwargs") or {},
        attached_to=node.get("attached_node"),
        reads=frozenset(node["depends_on"]["nodes"]),
        severity=(node["config"].get("severity") or "error").lower(),
        where=node["config"].get("where"),
        meta=node["config"].get("meta") or {},
    )


@dataclass(frozen=True)
class Parsed:
    """A parse of the project: the graph, and the warnings dbt gave on the way."""

    project: Project
    warnings: tuple[str, ...]


def vendor_systems() -> dict[str, list[str]]:
    """Return the source systems that `dbt_project.yml` switches on."""
    settings = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))
    return settings["vars"]["sources"]


def all_systems() -> dict[str, list[str]]:
    """Return every system of every domain, so that no model of the project is left out."""
    return {domain: [*systems, "files"] for domain, systems in vendor_systems().items()}


def files_systems() -> dict[str, list[str]]:
    """Return the choice of a company that brings all its data as files."""
    return {domain: ["files"] for domain in DOMAINS}


def bare_systems() -> dict[str, list[str]]:
    """Return the choice of a company that has a CRM and billing, and nothing else."""
    return {domain: ["files"] if domain in ("crm", "billing") else [] for domain in DOMAINS}


def dbt_arguments(command: str, project_folder: Path, *, artifacts: Path) -> list[str]:
    """Return a dbt command line that writes nothing outside `artifacts`."""
    folders = ("--project-dir", project_folder, "--profiles-dir", project_folder)
    written = ("--target-path", artifacts / "target", "--log-path", artifacts / "logs")
    flags = ("--quiet", "--no-version-check", "--no-partial-parse")
    return [command, *flags, *(str(argument) for argument in (*folders, *written))]


def parse(systems: Mapping[str, list[str]] | None, folder: Path, *, root: Path = ROOT) -> Parsed:
    """Parse the project with its artifacts in `folder`; None takes the project's own vars."""
    warnings: list[str] = []

    def note(event: Any) -> None:
        if event.info.level == "warn":
            warnings.append(event.info.msg)

    arguments = dbt_arguments("parse", root, artifacts=folder)
    if systems is not None:
        arguments += ["--vars", yaml.safe_dump({"sources": dict(systems)})]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CSW_HOME", str(folder))
        for name in [name for name in os.environ if name.startswith("DBT_")]:
            patch.delenv(name)
        result = dbtRunner(callbacks=[note]).invoke(arguments)
    if not result.success:
        raise AssertionError(f"dbt cannot parse the project with {systems}: {result.exception}")
    return Parsed(Project.from_manifest(result.result.to_dict()), tuple(warnings))
