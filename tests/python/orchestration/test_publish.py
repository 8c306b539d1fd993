import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import duckdb
import pytest

from orchestration import publish as publishing
from orchestration import published_folder
from orchestration.lock import home_lock
from orchestration.memory import MEMORY_VARIABLE
from orchestration.publish import Relation, publish, read_publication
from orchestration.state import sha256_of, write_json

RELATIONS = [
    Relation("facts", "fct_account_month", ("account_id", "month")),
    Relation("marts", "mart_retention_monthly"),
]


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    path = tmp_path / "ware house's.duckdb"
    with duckdb.connect(path) as connection:
        connection.execute("create schema facts; create schema marts")
        connection.execute(
            "create table facts.fct_account_month as select 'a' || i % 3 as account_id, "
            "date '2025-01-01' + (i // 3) * interval 1 month as month, "
            "cast(i as decimal(18, 2)) as closing_arr from range(9) as r (i) order by random()"
        )
        connection.execute("comment on table facts.fct_account_month is 'A month''s ARR'")
        connection.execute("comment on column facts.fct_account_month.month is 'First day'")
        connection.execute("create view marts.mart_retention_monthly as select 1.1 as nrr")
    return path


def run(warehouse: Path, target: Path, run_id: str) -> publishing.Publication:
    return publish(
        warehouse,
        target,
        RELATIONS,
        run_id=run_id,
        as_of="2025-12-31",
        company="Acme",
        versions={"dbt": "1"},
        policy={"fx_mode": "constant"},
    )


def test_publishing_keeps_to_the_bound_on_memory(warehouse, tmp_path, monkeypatch):
    monkeypatch.setenv(MEMORY_VARIABLE, "one elephant")
    with pytest.raises(duckdb.Error, match="Memory must have a number"):
        run(warehouse, tmp_path / "published", "20260101T000000Z_a")


def test_manifest_names_what_is_there(warehouse, tmp_path):
    target = tmp_path / "published"
    run(warehouse, target, "20260101T000000Z_a")
    manifest = json.loads((target / "manifest.json").read_text())
    assert manifest["run_id"] == "20260101T000000Z_a"
    assert manifest["as_of_date"] == "2025-12-31"
    assert manifest["versions"] == {"dbt": "1"}
    assert manifest["policy"] == {"fx_mode": "constant"}
    assert manifest["marts"]["fct_account_month"]["rows"] == 9
    file = target / manifest["parquet"] / "fct_account_month.parquet"
    assert sha256_of(file) == manifest["marts"]["fct_account_month"]["sha256"]
    with duckdb.connect(target / manifest["database"], read_only=True) as connection:
        assert connection.execute("select count(*) from marts.fct_account_month").fetchone() == (9,)
        comments = connection.execute(
            "select comment from duckdb_columns() where column_name = 'month'"
        ).fetchall()
    assert comments == [("First day",)]


def test_same_rows_give_the_same_hash_in_any_order(warehouse, tmp_path):
    first = run(warehouse, tmp_path / "one", "r1")
    with duckdb.connect(warehouse) as connection:
        connection.execute(
            "create temp table other as "
            "select * from facts.fct_account_month order by closing_arr desc; "
            "delete from facts.fct_account_month; insert into facts.fct_account_month from other"
        )
    second = run(warehouse, tmp_path / "two", "r2")
    assert first.marts == second.marts


def test_link_names_the_newest_and_three_are_kept(warehouse, tmp_path):
    target = tmp_path / "published"
    for day in range(1, 6):
        run(warehouse, target, f"2026010{day}T000000Z_a")
    runs = [f"2026010{day}T000000Z_a" for day in (3, 4, 5)]
    for kind in ("duckdb", "parquet"):
        assert sorted(path.name for path in (target / kind).iterdir()) == runs
    assert (target / "customer_success.duckdb").resolve().parent.name == runs[-1]


def test_a_file_of_somebody_else_beside_the_runs_is_left_alone(warehouse, tmp_path):
    target = tmp_path / "published"
    run(warehouse, target, "r1")
    others = [target / kind / ".DS_Store" for kind in ("duckdb", "parquet")]
    for file in others:
        file.write_text("")
    for number in range(2, 7):
        run(warehouse, target, f"r{number}")
    publishing.repair(target)
    assert all(file.is_file() for file in others)
    assert len([*(target / "duckdb").glob("r*")]) == 3


def test_the_database_has_the_same_name_after_each_run(warehouse, tmp_path):
    """BI keeps it with each table; a client names a database after its file."""
    target = tmp_path / "published"
    for run_id in ("r1", "r2"):
        run(warehouse, target, run_id)
        with duckdb.connect(target / "customer_success.duckdb", read_only=True) as connection:
            found = connection.execute(
                "select distinct catalog_name from information_schema.schemata"
                " where schema_name = 'marts'"
            ).fetchall()
        assert found == [("customer_success",)]


def test_files_of_a_version_before_are_read_until_they_are_too_old(warehouse, tmp_path):
    target = tmp_path / "published"
    first = run(warehouse, target, "r1")
    former = replace(first, database="marts_r1.duckdb")
    (target / first.database).replace(target / former.database)
    write_json(target / "manifest.json", asdict(former))
    publishing.repair(target)
    with duckdb.connect(target / "customer_success.duckdb", read_only=True) as connection:
        assert connection.execute("from marts.fct_account_month").fetchall()
    for number in (2, 3):
        run(warehouse, target, f"r{number}")
    assert (target / former.database).is_file()
    run(warehouse, target, "r4")
    assert not (target / former.database).exists()


def test_reader_of_the_old_file_goes_on(warehouse, tmp_path):
    target = tmp_path / "published"
    run(warehouse, target, "r1")
    with duckdb.connect(target / "customer_success.duckdb", read_only=True) as reader:
        before = reader.execute("select sum(closing_arr) from marts.fct_account_month").fetchone()
        with duckdb.connect(warehouse) as connection:
            connection.execute("update facts.fct_account_month set closing_arr = 1000")
        for number in range(2, 7):
            run(warehouse, target, f"r{number}")
        after = reader.execute("select sum(closing_arr) from marts.fct_account_month").fetchone()
    assert before == after


def test_failure_half_way_leaves_what_was_published(warehouse, tmp_path, monkeypatch):
    target = tmp_path / "published"
    first = run(warehouse, target, "r1")

    def broken(*_: object) -> None:
        raise OSError("no space left on device")

    for name in ("_write_manifest", "_comments"):
        with monkeypatch.context() as patch, pytest.raises(OSError, match="no space"):
            patch.setattr(publishing, name, broken)
            run(warehouse, target, f"r2_{name}")
        assert read_publication(target) == first
        assert (target / "customer_success.duckdb").resolve() == target / first.database
    again = run(warehouse, target, "r3")
    assert read_publication(target) == again
    assert not list(target.glob(".*.tmp*"))


KILLED = """
import os, pathlib, signal, sys
from orchestration import publish
left = int(sys.argv[1])
def counted(original):
    def call(*arguments, **named):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*arguments, **named)
    return call
pathlib.Path.replace = counted(pathlib.Path.replace)
pathlib.Path.symlink_to = counted(pathlib.Path.symlink_to)
pathlib.Path.mkdir = counted(pathlib.Path.mkdir)
publish.publish(pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]),
    [publish.Relation("facts", "fct_account_month")], run_id="r2", as_of="2026-01-01",
    company="Acme", versions={}, policy={})
"""


@pytest.mark.parametrize("step", range(9))
def test_after_a_kill_at_any_step_all_pointers_name_one_publication(
    warehouse, home, project_root, step
):
    run(warehouse, home.published, "r1")
    command = [sys.executable, "-c", KILLED, str(step), str(warehouse), str(home.published)]
    done = subprocess.run(command, cwd=project_root, check=False)
    assert done.returncode == -signal.SIGKILL
    with home_lock(home):
        published = read_publication(home.published)
        assert published.run_id == ("r2" if step > 4 else "r1")
        assert published.as_of_date == ("2026-01-01" if step > 4 else "2025-12-31")
        for name in (published_folder.DATABASE_LINK, published_folder.FORMER_LINK):
            assert (home.published / name).resolve() == home.published / published.database
        assert not list(home.published.rglob(".*"))
        assert all([*folder.iterdir()] for folder in (home.published / "duckdb").iterdir())


def test_the_disk_holds_every_file_before_the_manifest_names_it(warehouse, tmp_path, monkeypatch):
    """A power cut after the manifest is there finds all that it names."""
    kept, target = [], tmp_path / "published"
    write = publishing._write_manifest

    def noted(path: Path) -> None:
        kept.append(path.relative_to(tmp_path).as_posix())

    def written(*given: object) -> None:
        tables = ("fct_account_month", "mart_retention_monthly")
        assert {f"published/parquet/.r1.tmp/{name}.parquet" for name in tables} <= {*kept}
        assert kept.index("published/parquet/.r1.tmp") < kept.index("published/parquet")
        database = [each for each in kept if "parquet" not in each]
        assert database == [
            "published/.r1_customer_success.duckdb.tmp",
            "published/duckdb",
            "published/duckdb/r1",
        ]
        write(*given)
        kept.append("manifest")

    for module in (publishing, published_folder):
        monkeypatch.setattr(module, "sync", noted)
    monkeypatch.setattr(publishing, "_write_manifest", written)
    run(warehouse, target, "r1")
    assert "manifest" in kept


def test_copy_where_links_cannot_be_made(warehouse, tmp_path, monkeypatch):
    def no_links(*_: object) -> None:
        raise OSError("not supported")

    monkeypatch.setattr(Path, "symlink_to", no_links)
    target = tmp_path / "published"
    publication = run(warehouse, target, "r1")
    for name in (published_folder.DATABASE_LINK, published_folder.FORMER_LINK):
        link = target / name
        assert not link.is_symlink()
        assert link.read_bytes() == (target / publication.database).read_bytes()
        link.unlink()
        link.write_bytes(b"of a run that was killed")
    publishing.repair(target)
    for name in (published_folder.DATABASE_LINK, published_folder.FORMER_LINK):
        assert (target / name).read_bytes() == (target / publication.database).read_bytes()


def test_the_former_name_of_the_file_still_opens_it(warehouse, tmp_path):
    target = tmp_path / "published"
    publication = run(warehouse, target, "r1")
    assert (target / "marts.duckdb").resolve() == target / publication.database


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_nobody_can_write_what_is_published_and_the_group_can_read_it(warehouse, tmp_path, umask):
    target = tmp_path / "published"
    before = os.umask(umask)
    try:
        publication = run(warehouse, target, "r1")
    finally:
        os.umask(before)
    parquet = target / publication.parquet
    database = target / publication.database
    files = [database, *parquet.iterdir()]
    assert {file.stat().st_mode & 0o777 for file in files} == {0o440}
    folders = [
        target,
        *(folder for file in (database, parquet / "x") for folder in file.parents[:2]),
    ]
    assert {folder.stat().st_mode & 0o777 for folder in folders} == {0o750}
    assert (target / "manifest.json").stat().st_mode & 0o777 == 0o640
    if os.geteuid() != 0:
        with pytest.raises(duckdb.IOException):
            duckdb.connect(target / published_folder.DATABASE_LINK)


def test_a_folder_that_was_given_to_a_group_stays_so(warehouse, tmp_path):
    target = tmp_path / "published"
    target.mkdir()
    target.chmod(0o2775)
    run(warehouse, target, "r1")
    assert target.stat().st_mode & 0o7777 == 0o2775


def test_manifest_has_the_hash_of_the_file_that_bi_opens(warehouse, tmp_path):
    target = tmp_path / "published"
    publication = run(warehouse, target, "r1")
    assert publication.database_sha256 == sha256_of(target / published_folder.DATABASE_LINK)
    assert read_publication(target) == publication


@pytest.mark.long
def test_older_duckdb_opens_the_file(warehouse, tmp_path, project_root):
    uv = shutil.which("uv") or shutil.which(project_root / ".uv" / "bin" / "uv")
    if uv is None:
        pytest.skip("uv is not on the PATH")
    target = tmp_path / "published"
    publication = run(warehouse, target, "r1")
    code = (
        "import duckdb, sys\n"
        "for path in sys.argv[1:]:\n"
        "    reader = duckdb.connect(path, read_only=True)\n"
        "    print(reader.sql('select count(*) from marts.fct_account_month').fetchone()[0])"
    )
    files = [target / publication.database, target / published_folder.DATABASE_LINK]
    command = [uv, "run", "--no-project", "--quiet", "--with", "duckdb==1.1.3", "python", "-c"]
    done = subprocess.run(
        [*command, code, *map(str, files)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    if "failed to fetch" in done.stderr.lower():
        pytest.skip("the package index cannot be reached")
    assert done.stdout.split() == ["9", "9"], done.stderr
