"""What the checks found: kept over the runs, and published whatever the build came to."""

import json
import re
from pathlib import Path

import duckdb
import pytest

from orchestration.home import Home
from orchestration.project import project_root
from orchestration.publish import publish, read_publication, read_quality
from orchestration.quality import ensure_spells, note_checks, publish_checks

SPELLS = (
    "select check_name, status, failing_rows, last_run_id from ledger.check_spells"
    " where check_name in ('unique_x', 'delivery_late') order by check_name, first_at"
)


def node(name: str, kind: str = "test", **more: object) -> dict[str, object]:
    path = f"tests/{name}.sql"
    return {"name": name, "resource_type": kind, "config": {}, "original_file_path": path, **more}


MANIFEST = {
    "metadata": {"project_name": "p"},
    "nodes": {
        "model.p.fct": node("fct", "model", group="finance"),
        "model.p.mart_data_gaps": node("mart_data_gaps", "model"),
        "test.p.unique_x": node("unique_x", attached_node="model.p.fct", description="One row."),
        "test.p.of_what_is_off": node("of_what_is_off", attached_node="model.p.off"),
        "test.p.other": node("other", depends_on={"nodes": ["model.p.mart_data_gaps"]}),
    },
}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    home.create()
    ensure_spells(home)
    gaps(home, "('delivery_late', 'warning', true)")
    return home


def gaps(home: Home, *rows: str) -> None:
    found = ", ".join(rows) or "(null, null, null)"
    with duckdb.connect(home.warehouse) as connection:
        connection.execute("create schema if not exists marts; create schema if not exists seeds")
        connection.execute(
            "create or replace table seeds.gap_kinds as from (values ('delivery_late', 'fct'),"
            " ('data_stale', 'fct')) as r (gap, protects)"
        )
        connection.execute(
            "create or replace table marts.mart_data_gaps as select 's' as source_system,"
            " 'source' as object_type, 'all' as object_id, gap, severity, is_open,"
            " gap || ' is so' as what_is_missing, 'Repair.' as remedy"
            f" from (values {found}) as r (gap, severity, is_open) where gap is not null"
        )
        connection.execute("create or replace view marts.mart_data_quality as select 1 as test")


def note(home: Home, run: str, **statuses: tuple[str, int | None]) -> None:
    names = {"gaps": "model.p.mart_data_gaps", "unique_x": "test.p.unique_x"}
    results = [
        {"unique_id": names[name], "status": status, "failures": failures}
        for name, (status, failures) in statuses.items()
    ]
    home.dbt_target.mkdir(parents=True, exist_ok=True)
    file = home.dbt_target / "run_results.json"
    file.write_text(json.dumps({"results": results}), encoding="utf-8")
    note_checks(home, run, MANIFEST)


def rows(home: Home, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(home.warehouse, read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_history_is_kept_as_stretches_of_runs_of_one_status(home):
    built = {"gaps": ("success", None)}
    note(home, "r1", **built, unique_x=("pass", 0))
    note(home, "r2", **built, unique_x=("fail", 2))
    note(home, "r3", **built, unique_x=("fail", 7))
    gaps(home, "('delivery_late', 'error', true)", "('delivery_late', 'warning', true)")
    note(home, "r4", unique_x=("skipped", None))
    note(home, "r5", **built, unique_x=("pass", 0))
    assert rows(home, SPELLS) == [
        ("delivery_late", "warn", 1, "r3"),
        ("delivery_late", "fail", 2, "r5"),
        ("unique_x", "pass", 0, "r1"),
        ("unique_x", "fail", 7, "r3"),
        ("unique_x", "pass", 0, "r5"),
    ]


def test_every_check_is_told_with_what_it_protects_and_who_answers_for_it(home):
    gaps(home, "('delivery_late', 'error', false)", "('news', 'info', true)")
    note(home, "r1", gaps=("success", None), unique_x=("error", None))
    assert rows(
        home,
        "select check_name, protects, owner, status, failing_rows, description"
        " from ledger.check_spells order by check_name",
    ) == [
        ("data_stale", "fct", "finance", "pass", 0, None),
        ("delivery_late", "fct", "finance", "warn", 1, "delivery_late is so"),
        ("news", "mart_data_gaps", "analytics_engineering", "pass", 0, "news is so"),
        ("other", "mart_data_gaps", "analytics_engineering", "not run", None, None),
        ("unique_x", "fct", "finance", "fail", None, "One row."),
    ]


def test_a_check_that_is_gone_is_told_no_more_and_its_history_stays(home):
    note(home, "r1", gaps=("success", None), unique_x=("pass", 0))
    gone = MANIFEST["nodes"].pop("test.p.unique_x")
    try:
        note(home, "r2", gaps=("success", None))
    finally:
        MANIFEST["nodes"]["test.p.unique_x"] = gone
    found = "select is_present, last_run_id from ledger.check_spells where check_name = 'unique_x'"
    assert rows(home, found) == [(False, "r1")]


def test_checks_are_published_while_all_else_stays_as_it_was(home):
    """Before anything was published, beside it, and after it; one pointer names both files."""
    target = home.published
    publish_checks(home, "r0", "2025-12-30")
    assert read_publication(target) is None
    assert read_quality(target).database == "duckdb/r0/data_quality.duckdb"
    words = {"as_of": "2025-12-31", "company": "Acme", "versions": {}, "policy": {}}
    publish(home.warehouse, target, [], run_id="r1", **words)
    before = read_publication(target)
    assert before.quality.run_id == "r0"
    for number in range(2, 6):
        publish_checks(home, f"r{number}", "2026-01-01")
    after = read_publication(target)
    assert (after.run_id, after.database_sha256) == (before.run_id, before.database_sha256)
    assert after.quality.run_id == "r5"
    link = target / "data_quality.duckdb"
    assert link.resolve() == target / after.quality.database
    assert link.stat().st_mode & 0o777 == 0o440
    with duckdb.connect(link, read_only=True) as connection:
        found = connection.execute("select gap from marts.mart_data_gaps").fetchall()
    assert found == [("delivery_late",)]
    assert [file.parent.name for file in sorted(target.glob("duckdb/*/data_quality.duckdb"))] == [
        f"r{number}" for number in (3, 4, 5)
    ]


def test_every_kind_of_gap_that_the_models_name_is_in_the_seed():
    named = {
        name
        for model in (project_root() / "models").rglob("*.sql")
        for names in re.findall(r"'(\w+)' as gap\b|'gap': '(\w+)'", model.read_text("utf-8"))
        for name in names
    }
    seed = (project_root() / "seeds" / "gap_kinds.csv").read_text("utf-8")
    # A type, a part of a name, and the other of the two ways to name one.
    assert named - {"varchar", "_unknown", ""} <= {line.split(",")[0] for line in seed.split()}
