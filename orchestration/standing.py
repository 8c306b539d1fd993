"""What a build may leave standing: views and seeds that would come out as they are.

A view is rows only when it is read, and a seed is a file of the project. As long as neither the
project nor the columns of the raw tables change, making them again changes nothing. A view whose
SQL holds what the warehouse answered while it was compiled is always made. Data tests run all the
same: the rows behind a view are new.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from orchestration.database import connect
from orchestration.home import Home
from orchestration.manifest import fingerprint

# Facts and marts are assets that publishing waits for, so a run always makes them.
LAYERS = ("staging", "intermediate")
# How SQL asks the warehouse while it is compiled: the answer is in it then. Of the adapter only the
# choice of a macro and quoting are no questions.
ASKING = re.compile(r"run_query\(|call statement\(|load_\w*relation\(|adapter\.(?!dispatch|quote)")
GROUND = (
    "select schema_name, table_name, column_name, data_type from duckdb_columns()"
    " where schema_name like 'raw\\_%' escape '\\' or schema_name = 'ledger' order by all",
    "select schema_name, view_name, sql from duckdb_views() where not internal order by all",
    "select table_name, column_count, estimated_size from duckdb_tables()"
    " where schema_name = 'seeds' order by all",
)


def ground_of(home: Home) -> str:
    """Return a hash of what standing nodes are and stand on.

    That is the project, the columns of the raw tables and of the ledger, the views as the
    warehouse has them, and the size of the seeds: whoever changes one by hand finds it made anew.
    """
    with connect(home.warehouse, read_only=True) as connection:
        found = [connection.execute(query).fetchall() for query in GROUND]
    return hashlib.sha256(json.dumps([fingerprint(home), found]).encode()).hexdigest()


def standing_nodes(manifest: Mapping[str, Any], warehouse: Path) -> list[str]:
    """Return the names of the nodes that can be left as they are in the warehouse.

    Args:
        manifest: The project's manifest.
        warehouse: The DuckDB file of the last build.

    Returns:
        Names, sorted: those that may stand and are there.
    """
    with connect(warehouse, read_only=True) as connection:
        rows = connection.execute(
            "select schema_name, view_name from duckdb_views()"
            " union all select schema_name, table_name from duckdb_tables()"
        ).fetchall()
    found = set(rows)
    return sorted(
        node["name"] for node in _may_stand(manifest) if (node["schema"], node["alias"]) in found
    )


def _may_stand(manifest: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for node in manifest["nodes"].values():
        if node["resource_type"] == "seed" or (
            node["resource_type"] == "model"
            and node["config"].get("materialized") == "view"
            and PurePosixPath(node["original_file_path"]).parts[1] in LAYERS
            and not _asks_the_warehouse(node, manifest)
        ):
            yield node


def _asks_the_warehouse(node: Mapping[str, Any], manifest: Mapping[str, Any]) -> bool:
    """Say whether a model's SQL, or that of an ephemeral model in it, depends on the data."""
    if ASKING.search(node["raw_code"]):
        return True
    if any(_macro_asks(name, manifest, set()) for name in node["depends_on"]["macros"]):
        return True
    inlined = (manifest["nodes"].get(name) for name in node["depends_on"]["nodes"])
    return any(
        _asks_the_warehouse(other, manifest)
        for other in inlined
        if other and other["config"].get("materialized") == "ephemeral"
    )


def _macro_asks(name: str, manifest: Mapping[str, Any], seen: set[str]) -> bool:
    """Say whether one of the project's own macros asks, itself or through another."""
    macro = manifest["macros"].get(name)
    if macro is None or name in seen or macro["package_name"] != _project(manifest):
        return False
    seen.add(name)
    return bool(ASKING.search(macro["macro_sql"])) or any(
        _macro_asks(other, manifest, seen) for other in macro["depends_on"]["macros"]
    )


def _project(manifest: Mapping[str, Any]) -> str:
    return manifest["metadata"]["project_name"]
