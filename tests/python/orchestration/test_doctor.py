"""`csw doctor`: each fault that is put into a sound home is found, with what mends it."""

import json
import os
import shutil
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from test_faults import somebody
from typer.testing import CliRunner

from orchestration import doctor
from orchestration.build_state import build_state_file
from orchestration.cli import app
from orchestration.doctor import examine
from orchestration.home import HomeConfig
from orchestration.lock import home_lock
from orchestration.publish import Relation, publish, publish_quality
from orchestration.state import write_json

MART = """
    create schema marts;
    create table marts.mart_data_gaps as
    select * from (values
        ('files', 'table', 'users', 'delivery_late', 'Table users has brought nothing new.',
            'Export it again.', 1, null::decimal(18, 2), {severity}, true)
    ) as rows(source_system, object_type, object_id, gap, what_is_missing, remedy, row_count,
        arr_affected, severity, is_open)
"""


@pytest.fixture
def sound(home):
    """A home that has loaded, built and published something."""
    home.create()
    home.write(HomeConfig())
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute("create schema facts; create table facts.fct_x as select 1 as x")
        connection.execute("create schema raw_loads")
        connection.execute("create table raw_loads.file_counts (loaded_at timestamp)")
        connection.execute("insert into raw_loads.file_counts values (timestamp '2026-01-01')")
    home.create()
    published, run_id, as_of = [Relation("facts", "fct_x")], "20260101T000000Z_a", "2025-12-31"
    publish(
        home.warehouse, home.published, published, run_id=run_id,
        as_of=as_of, company="Acme", versions={}, policy={}, closes={},
    )  # fmt: skip
    publish_quality(home.warehouse, home.published, published, run_id=run_id, as_of=as_of)
    write_json(build_state_file(home), {"succeeded": True})
    return home


def found(home) -> dict[str, str]:
    """What is to be mended, by the look that found it."""
    return {name: f"{each.text} {each.command}" for name, each in examine(home) if each.command}


def change(home, sql: str) -> None:
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute(sql)


def test_a_sound_home_is_said_to_be_sound(sound):
    done = CliRunner().invoke(app, ["doctor"])
    assert (done.exit_code, "Sound." in done.output) == (0, True)
    for look in doctor.LOOKS:
        assert f"ok {look}" in done.output


def test_findings_end_with_1_and_a_command(sound):
    sound.warehouse.chmod(0o644)
    done = CliRunner().invoke(app, ["doctor"])
    assert done.exit_code == 1
    assert f"chmod 600 {sound.warehouse}" in done.output
    assert "1 to mend." in done.output


def test_a_new_folder_is_told_what_to_run(home):
    assert "csw init" in found(home)["settings"]
    assert "csw refresh" in found(home)["published"]


def untimely(home):
    tomorrow = datetime.now(UTC).replace(tzinfo=None) + timedelta(days=1)
    change(home, f"update raw_loads.file_counts set loaded_at = timestamp '{tomorrow}'")


def writable(home):
    next(home.published.glob("duckdb/*/customer_success.duckdb")).chmod(0o660)


def rewritten(home):
    file = next(home.published.glob("parquet/*/*.parquet"))
    file.chmod(0o600)
    file.write_bytes(b"other")


def another_link(home):
    (home.published / "customer_success.duckdb").unlink()
    (home.published / "customer_success.duckdb").symlink_to(
        "duckdb/20250101/customer_success.duckdb"
    )


def checks_that_are_gone(home):
    next(home.published.glob("duckdb/*/data_quality.duckdb")).unlink()


def another_link_to_the_checks(home):
    (home.published / "data_quality.duckdb").unlink()


def writable_checks(home):
    next(home.published.glob("duckdb/*/data_quality.duckdb")).chmod(0o660)


def never_anything_but_checks(home):
    manifest = home.published / "manifest.json"
    write_json(manifest, {"quality": json.loads(manifest.read_text())["quality"]})


def torn_pointer(home):
    (home.published / "manifest.json").write_text("{")


def failed_build(home):
    write_json(build_state_file(home), {"succeeded": False})
    (home.dagster / "history").mkdir(parents=True)
    with sqlite3.connect(home.dagster / "history" / "runs.db") as connection:
        connection.execute("create table runs (id integer, status text, create_timestamp text)")


def damaged_history(home):
    (home.dagster / "history").mkdir(parents=True)
    (home.dagster / "history" / "runs.db").write_bytes(b"no database" * 100)


def stranger_in_the_ledger(home):
    (home.path / "ledger").mkdir()
    (home.path / "ledger" / "manifest.json").write_bytes(b"\xff")


def broken_settings(home):
    home.company_file.write_text("company: [")


def damaged_warehouse(home):
    home.warehouse.write_bytes(b"no database" * 1000)


@pytest.mark.parametrize(
    ("fault", "look", "said", "command"),
    [
        (untimely, "clock", "nothing can be loaded", "timedatectl set-ntp true"),
        (writable, "permissions", "can be written", "chmod 440"),
        (rewritten, "published", "fct_x.parquet is not as it was published", "csw refresh"),
        (another_link, "published", "names another publication", "csw refresh"),
        (checks_that_are_gone, "published", "data_quality.duckdb is missing", "csw refresh"),
        (another_link_to_the_checks, "published", "names another publication", "csw refresh"),
        (writable_checks, "permissions", "can be written", "chmod 440"),
        (never_anything_but_checks, "published", "nothing is published yet", "csw refresh"),
        (torn_pointer, "published", "manifest.json cannot be read", "csw refresh"),
        (failed_build, "last runs", "did not pass", "csw refresh"),
        (damaged_history, "last runs", "history of the runs is damaged", "mv "),
        (stranger_in_the_ledger, "ledger", "manifest.json cannot be read", "csw close verify"),
        (broken_settings, "settings", "not valid YAML", "docs/operations.md"),
        (damaged_warehouse, "clock", "from a backup", "docs/operations.md"),
    ],
)
def test_a_fault_is_found_with_what_mends_it(sound, fault, look, said, command):
    fault(sound)
    told = found(sound)[look]
    assert said in told
    assert command in told


@pytest.mark.parametrize(
    ("severity", "look", "command"),
    [("'warning'", "deliveries", "Export it again."), ("'error'", "held", "csw accept ")],
)
def test_what_was_not_delivered_is_found(sound, severity, look, command):
    change(sound, MART.format(severity=severity))
    told = found(sound)
    assert [*told] == [look]
    assert "Table users has brought nothing new" in told[look]
    assert command in told[look]


def test_a_disk_that_the_next_run_would_fill_is_found(sound, monkeypatch):
    usage = shutil.disk_usage(sound.path)._replace(free=doctor.needed_bytes(sound) - 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    assert "du -sh" in found(sound)["disk"]


def test_more_memory_than_there_is_is_found(sound, monkeypatch):
    monkeypatch.setenv("CSW_MEMORY_LIMIT", "100TB")
    assert "export CSW_MEMORY_LIMIT=" in found(sound)["machine"]
    monkeypatch.setenv("CSW_MEMORY_LIMIT", "a lot")
    assert "machine" in found(sound)


def test_another_version_than_the_project_needs_is_found(sound, monkeypatch):
    version = doctor.version
    monkeypatch.setattr(
        doctor, "version", lambda name: "0.9" if name == "duckdb" else version(name)
    )
    assert "duckdb 0.9 is installed" in found(sound)["versions"]


def test_who_reads_the_warehouse_is_named(sound):
    with somebody(sound.warehouse, "reads", 60) as pid:
        assert f"process {pid}" in found(sound)["locks"]


def test_while_a_refresh_works_nothing_is_wrong(sound):
    with home_lock(sound), somebody(sound.warehouse, "writes", 60):
        told = dict(examine(sound))
        assert f"process {os.getpid()}" in told["locks"].text
        assert found(sound) == {}


def test_a_run_that_hangs_is_found(sound, monkeypatch):
    monkeypatch.setattr(doctor, "LONG_RUN", timedelta(seconds=-1))
    with home_lock(sound):
        assert f"kill {os.getpid()}" in found(sound)["locks"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_files_of_another_user_are_found(sound):
    os.chown(sound.warehouse, 12345, 12345)
    assert "chown -R" in found(sound)["permissions"]


def test_a_company_that_is_published_no_more_is_found(sound, tmp_path):
    source = tmp_path / "files"
    source.mkdir()
    sound.write(HomeConfig(company="Acme", source="files", folder=str(source)))
    assert "published" not in found(sound)
    manifest = sound.published / "manifest.json"
    old = datetime.now(UTC) - timedelta(days=3)
    text = manifest.read_text()
    at = next(line for line in text.splitlines() if "published_at" in line)
    manifest.write_text(text.replace(at, f'  "published_at": "{old.isoformat()}",'))
    assert "docs/production.md" in found(sound)["published"]


def test_the_look_of_every_kind_is_documented(project_root: Path):
    text = (project_root / "docs" / "operations.md").read_text(encoding="utf-8")
    assert "csw doctor" in text
    for look in doctor.LOOKS:
        assert look in text
