"""What the checks of a build found, kept over the runs, and published whatever the build came to.

A check is a data test of the project, or a kind of gap in the data. `ledger.check_spells` of the
warehouse has one row per check and stretch of runs in which it had the same status; from it the
view `mart_data_quality` says how each check ended last, and since when.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import duckdb

from orchestration.database import connect
from orchestration.dbt_results import description_of, protected_by, read_results
from orchestration.gaps import HOLDING_TEST, HOW_TO_GO_ON
from orchestration.gaps import MART as GAPS_MART
from orchestration.home import Home
from orchestration.loads.warehouse import ensure_table, opened
from orchestration.publish import Relation, publish_quality

SPELLS = "check_spells"
FOUND_COLUMNS = {
    "check_name": "VARCHAR",
    "check_type": "VARCHAR",
    "protects": "VARCHAR",
    "description": "VARCHAR",
    "severity": "VARCHAR",
    "owner": "VARCHAR",
    "status": "VARCHAR",
    "failing_rows": "BIGINT",
    "remedy": "VARCHAR",
}
SPELL_COLUMNS = FOUND_COLUMNS | {
    "first_at": "TIMESTAMP",
    "last_at": "TIMESTAMP",
    "last_run_id": "VARCHAR",
    "is_present": "BOOLEAN",
}
# What dbt calls a result, and we.
STATUS = {"pass": "pass", "warn": "warn", "fail": "fail", "error": "fail", "runtime error": "fail"}
NOT_RUN = "not run"
# Who answers for a model that names no group: who builds the project.
UNNAMED_OWNER = "analytics_engineering"
HELD_REMEDY = f"See the gaps that fail. As it is: {HOW_TO_GO_ON}"
# Published whatever the build came to, where the warehouse has them.
RELATIONS = (
    Relation("marts", "mart_data_quality", ("test",)),
    Relation("marts", "mart_deliveries", ("source_system", "source_table", "run_id")),
    Relation("marts", GAPS_MART, ("source_system", "object_type", "object_id", "gap")),
)
# Infos are worth knowing, no more; what was accepted is published, and still said.
GAPS_SQL = f"""
    select
        coalesce(kinds.gap, found.gap) as check_name,
        'gap' as check_type,
        coalesce(kinds.protects, '{GAPS_MART}') as protects,
        found.description,
        found.severity,
        null as owner,
        coalesce(found.status, 'pass') as status,
        coalesce(found.failing_rows, 0) as failing_rows,
        found.remedy
    from seeds.gap_kinds as kinds
    full outer join (
        select
            gap,
            arg_min(what_is_missing, rank) as description,
            arg_min(severity, rank) as severity,
            case min(rank) when 1 then 'fail' when 4 then 'pass' else 'warn' end as status,
            count(case when rank < 4 then 1 end) as failing_rows,
            arg_min(remedy, rank) as remedy
        from (
            select
                *,
                case
                    when severity = 'info' then 4
                    when severity = 'error' and is_open then 1
                    when severity = 'error' then 2
                    else 3
                end as rank
            from marts.{GAPS_MART}
        ) as ranked
        group by gap
    ) as found on kinds.gap = found.gap
"""


def ensure_spells(home: Home) -> None:
    """Make the table that the models read, before they are compiled."""
    with opened(home.warehouse) as connection:
        connection.execute("create schema if not exists ledger")
        ensure_table(connection, "ledger", SPELLS, SPELL_COLUMNS)


def note_checks(home: Home, run_id: str, manifest: Mapping[str, Any]) -> None:
    """Keep what the checks of the build that has just ended found. The lock must be held.

    Args:
        home: The home.
        run_id: The run of the build.
        manifest: The manifest that it was built by.
    """
    results = {each["unique_id"]: each for each in read_results(home.dbt_target)["results"]}
    owners = {
        node["name"]: _group(node)
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
    }
    with opened(home.warehouse) as connection:
        ensure_table(connection, "ledger", SPELLS, SPELL_COLUMNS)
        found = _tests(home, manifest, results)
        if _has_gaps(connection):
            is_built = results.get(_node_id(manifest, GAPS_MART), {}).get("status") == "success"
            columns = [*FOUND_COLUMNS]
            for row in connection.execute(GAPS_SQL).fetchall():
                gap = dict(zip(columns, row, strict=True))
                # Else they are those of a run before.
                found.append(gap if is_built else gap | {"status": NOT_RUN})
        for check in found:
            check["owner"] = owners.get(check["protects"]) or UNNAMED_OWNER
        _keep(connection, found, run_id)


def publish_checks(home: Home, run_id: str, as_of: str) -> None:
    """Publish what the checks found, whether or not anything else will be."""
    with connect(home.warehouse, read_only=True) as connection:
        there = {
            tuple(row)
            for row in connection.execute(
                "select schema_name, table_name from duckdb_tables()"
                " union all select schema_name, view_name from duckdb_views()"
            ).fetchall()
        }
    relations = [each for each in RELATIONS if (each.schema, each.name) in there]
    # Before the first build there is nothing to show.
    if RELATIONS[0] in relations:
        publish_quality(home.warehouse, home.published, relations, run_id=run_id, as_of=as_of)


def _tests(
    home: Home, manifest: Mapping[str, Any], results: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return the data tests of what the company has with what was found.

    The manifest has tests of models, too, that are off: of a system that is not loaded.
    """
    there = {*manifest["nodes"], *manifest.get("sources", {})}
    found = []
    for name, node in manifest["nodes"].items():
        reads = {node.get("attached_node"), *node.get("depends_on", {}).get("nodes", [])} - {None}
        if node["resource_type"] != "test" or not reads <= there:
            continue
        result = results.get(name, {})
        found.append(
            {
                "check_name": node["name"],
                "check_type": "data_test",
                "protects": protected_by(node, manifest),
                "description": description_of(node) or None,
                "severity": str(node["config"].get("severity", "error")).lower(),
                "owner": None,
                "status": STATUS.get(result.get("status", ""), NOT_RUN),
                "failing_rows": result.get("failures"),
                "remedy": HELD_REMEDY if node["name"] == HOLDING_TEST else _remedy(node),
            }
        )
    return found


def _remedy(node: Mapping[str, Any]) -> str:
    return (
        "Look at the rows that the test finds (csw query with the SQL that the summary names, of "
        f"{node['original_file_path']}). Correct them at their source and refresh again; a rule "
        "that your data may break is a fault of the project: report it."
    )


def _node_id(manifest: Mapping[str, Any], model: str) -> str:
    """Return the unique id of a model."""
    return f"model.{manifest['metadata']['project_name']}.{model}"


def _group(node: Mapping[str, Any]) -> str | None:
    return node.get("group") or node["config"].get("group")


def _has_gaps(connection: duckdb.DuckDBPyConnection) -> bool:
    found = connection.execute(
        "select count(*) from duckdb_tables() where (schema_name, table_name)"
        f" in (('marts', '{GAPS_MART}'), ('seeds', 'gap_kinds'))"
    ).fetchone()
    return found == (2,)


def _keep(connection: duckdb.DuckDBPyConnection, found: list[dict[str, Any]], run_id: str) -> None:
    """Lengthen the stretch that each check is in, or begin another."""
    now = datetime.now(UTC).replace(tzinfo=None)
    told = {name: [check[name] for check in found] for name in FOUND_COLUMNS}
    parts = ", ".join(f"unnest(cast(? as {kind}[])) as {n}" for n, kind in FOUND_COLUMNS.items())
    connection.execute(f"create temporary table found as select {parts}", list(told.values()))
    spells = f"ledger.{SPELLS}"
    newest = (
        f"(select check_name, max(first_at) as first_at from {spells} group by check_name) as n"
    )
    connection.begin()
    connection.execute(
        f"update {spells} set is_present = check_name in (select check_name from found)"
    )
    # Until a check has run there is nothing else to say of it.
    connection.execute(
        f"delete from {spells} where status = '{NOT_RUN}'"
        f" and check_name in (select check_name from found where status <> '{NOT_RUN}')"
    )
    same = ["protects", "description", "severity", "owner", "failing_rows", "remedy"]
    connection.execute(
        f"update {spells} as s set {', '.join(f'{each} = f.{each}' for each in same)},"
        f" last_at = ?, last_run_id = ? from found as f, {newest}"
        " where s.check_name = f.check_name and s.check_name = n.check_name"
        " and s.first_at = n.first_at and s.status = f.status"
        f" and f.status <> '{NOT_RUN}'",
        [now, run_id],
    )
    connection.execute(
        f"insert into {spells} by name select *, ? as first_at,"
        f" case when status <> '{NOT_RUN}' then ? end as last_at,"
        f" case when status <> '{NOT_RUN}' then ? end as last_run_id, true as is_present"
        f" from found where not exists (select 1 from {spells} as s, {newest}"
        " where s.check_name = found.check_name and s.check_name = n.check_name"
        f" and s.first_at = n.first_at and found.status in (s.status, '{NOT_RUN}'))",
        [now, now, run_id],
    )
    connection.commit()
