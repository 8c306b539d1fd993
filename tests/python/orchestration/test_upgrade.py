"""A home that an earlier version left is refreshed by this one: the same figures, no manual step.

Keys, tables, columns, names and modes are put back to those of a home that an earlier version made.
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest
from tiny_company import TINY_PROJECT, write_files

from orchestration.close import close_month, load_ledger
from orchestration.home import Home
from orchestration.ledger import Month, ledger_folder, read_closes
from orchestration.ledger_checks import problems
from orchestration.ledger_memory import remember
from orchestration.publish import read_publication
from orchestration.state import parse_json
from tests.python.finance.published import publish_figures

NEWER_KEYS = (
    "quality", "closes", "closing", "newest_business_days", "report", "database_sha256",
)  # fmt: skip
NEWER_TABLES = (
    "raw_loads.business_days", "raw_loads.table_loads", "ledger.publication",
    "ledger.published_amounts", "ledger.check_spells",
)  # fmt: skip
NEWER_COLUMNS = {
    "ledger.closes": ("entry_hash",),
    "ledger.accepted_gaps": ("expires_on", "is_expired"),
}


@contextmanager
def writable(folder: Path) -> Iterator[None]:
    """Published files cannot be written; who makes an older home of it may."""
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            path.chmod(0o644)
    yield


def age_publication(published: Path) -> None:
    """The manifest and the names of before."""
    manifest = published / "manifest.json"
    with writable(published):
        content = parse_json(manifest)
        for key in NEWER_KEYS:
            content.pop(key, None)
        old = f"marts_{content['run_id']}.duckdb"
        if "/" in content["database"]:
            (published / content["database"]).replace(published / old)
            content["database"] = old
            for link in ("customer_success.duckdb", "marts.duckdb"):
                (published / link).unlink(missing_ok=True)
                (published / link).symlink_to(old)
        for name in ("data_quality.duckdb", "report.html"):
            (published / name).unlink(missing_ok=True)
        for left in (*published.glob("report_*"), published / "duckdb"):
            shutil.rmtree(left) if left.is_dir() else left.unlink(missing_ok=True)
        manifest.write_text(json.dumps(content))


def age_warehouse(warehouse: Path) -> None:
    """The tables and columns of before."""
    with duckdb.connect(str(warehouse)) as connection:
        for table in NEWER_TABLES:
            connection.execute(f"drop table if exists {table}")
        for table, columns in NEWER_COLUMNS.items():
            schema, name = table.split(".")
            there = connection.execute(
                "select column_name from duckdb_columns() where schema_name = ? and table_name = ?",
                [schema, name],
            ).fetchall()
            for (column,) in there:
                if column in columns:
                    connection.execute(f"alter table {table} drop column {column}")


def age(home: Home) -> None:
    """Put a home back to how an earlier version left it."""
    age_publication(home.published)
    age_warehouse(home.warehouse)
    built = home.path / "dbt" / "last_build.json"
    built.write_text(json.dumps({**parse_json(built), "incremental": "0" * 64, "code": "0" * 64}))
    for path in home.path.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() else 0o644)


@pytest.mark.long
def test_a_home_of_an_earlier_version_goes_on_as_if_it_were_of_this_one(tmp_path, run_csw):
    home = Home(tmp_path / "home")
    settings = {"CSW_HOME": home.path, "CSW_PROJECT": TINY_PROJECT}
    source = write_files(tmp_path / "files", {"a1": 1200, "a2": 800})
    first = run_csw("refresh", "--source", source, "--as-of", "2025-12-30", **settings)
    assert first.returncode == 0, first.stdout + first.stderr
    before = read_publication(home.published)
    age(home)
    told = run_csw("status", **settings)
    assert told.returncode == 0, told.stdout + told.stderr
    assert "2,000" in told.stdout

    done = run_csw("refresh", "--as-of", "2025-12-30", **settings)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "cannot be read" not in done.stdout
    assert "Incremental tables are rebuilt" in done.stdout
    after = read_publication(home.published)
    assert after.run_id > before.run_id
    figures = ("fct_account_month", "mart_retention_monthly")
    assert {name: after.marts[name] for name in figures} == {
        name: before.marts[name] for name in figures
    }
    for link in ("customer_success.duckdb", "marts.duckdb"):
        assert (home.published / link).resolve() == (home.published / after.database).resolve()
    sound = run_csw("doctor", **settings)
    assert sound.returncode == 0, sound.stdout + sound.stderr


def test_months_that_an_earlier_version_closed_stay_closed_and_are_remembered_from_now_on(home):
    arr = {"2025-11": {"a": 120, "b": 50}, "2025-12": {"a": 120, "b": 50, "c": 30}}
    publish_figures(home, "2025-12-31", arr)
    close_month(home, Month.parse("2025-11"), closed_by="Kim")
    load_ledger(home)
    (november,) = read_closes(home)
    age_publication(home.published)
    age_warehouse(home.warehouse)
    assert not remember(home).knows_hashes

    assert problems(home) == []
    assert load_ledger(home) == 1
    assert remember(home).in_warehouse == {"2025-11": november.hash}
    close_month(home, Month.parse("2025-12"), closed_by="Kim")
    assert read_closes(home)[0] == november
    assert problems(home) == []
    # What is remembered now tells a ledger that somebody changes from the one that was taken over.
    entry = ledger_folder(home) / "2025-11" / "close.json"
    entry.write_text(json.dumps({**parse_json(entry), "closed_by": "Somebody"}))
    assert problems(home) != []
