"""The version of the metric definition: a hash of all that decides what a closed figure means.

It is read from the lineage of the dbt manifest, not from a list kept by hand: the models and seeds
that the closed tables come from, the project's macros that these call, and the keys, columns and
types by which the loader casts and rejects their raw rows. Policies (vars) are stamped on the rows
and kept in the entry of the close; facts, and seeds that hold facts (`meta.holds: facts`), change
the figures and not what they mean.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import yaml

from orchestration.manifest import ensure_manifest, manifest_path, read_manifest
from orchestration.project import project_root, project_settings

if TYPE_CHECKING:
    from orchestration.home import Home

# The tables that a close copies.
CLOSED = ("fct_account_month", "fct_arr_line", "mart_retention_monthly")
RAW = "raw_"
SHORT_HASH = 12


def definition_version(home: Home) -> str:
    """Return the version of the metric definition: the project's, and a hash of its lineage."""
    if not manifest_path(home).is_file():
        ensure_manifest(home)
    return f"{project_settings()['version']}+{definition_hash(read_manifest(home))[:SHORT_HASH]}"


def definition_hash(manifest: Mapping[str, Any]) -> str:
    """Return the hash of what a manifest says the closed tables are made by."""
    parts = definition_parts(manifest)
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def definition_parts(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Return what decides about a closed figure, by unique id: a hash or the text itself."""
    package = manifest["metadata"]["project_name"]
    parts = {}
    macros: set[str] = set()
    for unique_id in _lineage(manifest, package):
        if unique_id.startswith("source."):
            source = manifest["sources"][unique_id]
            parts[unique_id] = _raw_table(source["source_name"], source["name"])
            continue
        node = manifest["nodes"][unique_id]
        if node["config"].get("meta", {}).get("holds") == "facts":
            continue
        parts[unique_id] = node["checksum"]["checksum"]
        macros.update(node["depends_on"].get("macros", ()))
    for unique_id in _called(manifest, macros, package):
        parts[unique_id] = manifest["macros"][unique_id]["macro_sql"]
    return parts


def _lineage(manifest: Mapping[str, Any], package: str) -> Iterator[str]:
    """Yield the closed tables and all they come from."""
    todo = [f"model.{package}.{name}" for name in CLOSED]
    seen = set()
    while todo:
        unique_id = todo.pop()
        node = manifest["nodes"].get(unique_id)
        # A project may do without a table that is closed; then it has no part in its version.
        if unique_id in seen or (node is None and unique_id not in manifest["sources"]):
            continue
        seen.add(unique_id)
        yield unique_id
        todo += node["depends_on"].get("nodes", []) if node else []


def _called(manifest: Mapping[str, Any], called: set[str], package: str) -> Iterator[str]:
    """Yield the project's own macros among those called, and those that they call in turn."""
    todo = list(called)
    seen = set()
    while todo:
        unique_id = todo.pop()
        macro = manifest["macros"].get(unique_id)
        if unique_id in seen or macro is None or macro["package_name"] != package:
            continue
        seen.add(unique_id)
        yield unique_id
        todo += macro["depends_on"]["macros"]


def _raw_table(source: str, table: str) -> str:
    """Return the contract by which the loader casts and rejects; none for the ledger's tables."""
    tables = _contracts(source.removeprefix(RAW)) if source.startswith(RAW) else {}
    return json.dumps(tables.get(table), sort_keys=True)


@lru_cache(maxsize=16)
def _contracts(source: str) -> Mapping[str, Any]:
    file = project_root() / "orchestration" / "raw_tables" / f"{source}.yml"
    if not file.is_file():
        return {}
    return yaml.safe_load(file.read_text(encoding="utf-8"))["tables"]
