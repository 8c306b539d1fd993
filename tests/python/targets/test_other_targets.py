"""A folder and an attached database hold what is published, with what is said of it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from orchestration.publish import read_publication
from orchestration.state import sha256_of
from orchestration.targets import attached, fill
from orchestration.targets import folder as folders
from orchestration.targets.source import TargetError

from .publishing import Made, make_publication

TABLE = Made(
    "select i as id, cast(i as decimal(18, 2)) as arr, timestamp '2025-01-01' as seen_at,"
    " nullif('who''s', 'x') as who from range(5) as r (i)",
    ("id",),
)
REFERRING = Made(
    TABLE.sql, ("id",), {"id": "dim_x.id", "who": "dim_y.who"}, {"who": "source_system, id"}
)
LATER = Made(f"select id, arr * 2 as arr from ({TABLE.sql})", ("id",))
SAID = "What arr is; it's told."


def test_parquet_files_say_what_their_columns_are(home):
    make_publication(home, "r1", {"fct_x": TABLE})
    publication = read_publication(home.published)
    file = home.published / publication.parquet / "fct_x.parquet"
    schema = pq.read_schema(file)
    assert schema.field("arr").metadata == {
        b"description": SAID.encode(),
        b"unit": b"USD",
        b"null_meaning": b"Null where arr is not known.",
    }
    assert schema.metadata[b"grain"] == b"one row per id"
    assert schema.field("id").metadata.keys() == {b"description", b"null_meaning"}
    with duckdb.connect() as connection:
        told = dict(
            connection.execute(
                f"select decode(key), decode(value) from parquet_kv_metadata('{file}')"
            ).fetchall()
        )
        rows = connection.execute(
            f"select sum(arr), max(seen_at), min(who) from '{file}'"
        ).fetchone()
    assert told["description"] == "The table fct_x."
    assert json.loads(told["columns"])["arr"]["description"] == SAID
    table = pq.read_table(file)
    assert (sum(table["arr"].to_pylist()), max(table["seen_at"].to_pylist())) == rows[:2]
    assert rows[2] == "who's"


def test_parquet_files_say_what_their_columns_refer_to(home):
    make_publication(home, "r1", {"fct_x": REFERRING})
    publication = read_publication(home.published)
    schema = pq.read_schema(home.published / publication.parquet / "fct_x.parquet")
    assert schema.field("id").metadata[b"reference"] == b"dim_x.id"
    assert b"reference_with" not in schema.field("id").metadata
    assert schema.field("who").metadata[b"reference"] == b"dim_y.who"
    assert schema.field("who").metadata[b"reference_with"] == b"source_system, id"


def test_a_folder_holds_the_publication_that_its_manifest_and_link_name(home, publish, folder):
    for number in range(1, 6):
        make_publication(home, f"r{number}", {"fct_x": TABLE, "fct_y": TABLE})
        done = publish(f"parquet:{folder}")
        assert done.exit_code == 0, done.output
    said = json.loads((folder / "manifest.json").read_text())
    assert (said["run_id"], said["parquet"]) == ("r5", "r5")
    for name, table in said["marts"].items():
        assert sha256_of(folder / "current" / f"{name}.parquet") == table["sha256"]
    assert {path.name for path in folder.iterdir()} == {
        "r3", "r4", "r5", "current", "manifest.json", ".csw.lock",
    }  # fmt: skip
    assert "already there" in publish(f"parquet:{folder}").output
    (folder / "r5" / "fct_x.parquet").unlink()
    assert "already there" not in publish(f"parquet:{folder}").output
    assert (folder / "current" / "fct_x.parquet").is_file()


def test_a_folder_of_somebody_else_is_refused(home, publish, folder):
    make_publication(home, "r1", {"fct_x": TABLE})
    folder.mkdir()
    (folder / "manifest.json").write_text('{"theirs": 1}')
    done = publish(f"parquet:{folder}")
    assert done.exit_code == 1
    assert "was not written by `csw publish`" in done.output
    assert {path.name for path in folder.iterdir()} <= {"manifest.json", ".csw.lock"}
    for inside in (home.published, home.published / "bi"):
        assert "where the home publishes" in publish(f"parquet:{inside}").output


def test_a_damaged_file_goes_nowhere(home, publish, folder):
    make_publication(home, "r1", {"fct_x": TABLE})
    publish(f"parquet:{folder}")
    make_publication(home, "r2", {"fct_x": LATER})
    publication = read_publication(home.published)
    file = home.published / publication.parquet / "fct_x.parquet"
    file.chmod(0o640)
    file.write_bytes(file.read_bytes()[:-1] + b"?")
    done = publish(f"parquet:{folder}")
    assert done.exit_code == 1
    assert "is not as it was published" in done.output
    assert json.loads((folder / "manifest.json").read_text())["run_id"] == "r1"
    assert not list(folder.glob(".*.tmp"))
    database = home.published / publication.database
    database.chmod(0o640)
    database.write_bytes(database.read_bytes() + b"?")
    assert "its hash is another" in publish(f"duckdb:{folder}/x.duckdb").output


KILLED = """
import os, pathlib, signal, sys
from orchestration.cli import app
left = int(sys.argv.pop(1))
original = pathlib.Path.replace
def counted(*arguments):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return original(*arguments)
pathlib.Path.replace = counted
app()
"""


@pytest.mark.parametrize("step", [0, 1, 2])
def test_a_kill_leaves_a_whole_publication_in_the_folder(home, publish, folder, project_root, step):
    make_publication(home, "r1", {"fct_x": TABLE})
    publish(f"parquet:{folder}")
    make_publication(home, "r2", {"fct_x": LATER})
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(step), "publish", "--to", f"parquet:{folder}"],
        cwd=project_root, capture_output=True, check=False,
        env={**os.environ, "CSW_HOME": str(home.path)},
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL
    assert (folder / "current" / "fct_x.parquet").is_file()
    named = json.loads((folder / "manifest.json").read_text())["parquet"]
    assert (folder / named / "fct_x.parquet").is_file()
    assert publish(f"parquet:{folder}").exit_code == 0
    assert (folder / "current").resolve().name == "r2"
    assert not list(folder.glob(".*.tmp"))


def test_an_attached_database_is_replaced_at_once_with_comments(home, publish, folder):
    file = folder / "bi.duckdb"
    make_publication(home, "r1", {"fct_x": TABLE, "fct_gone": TABLE})
    assert publish(f"duckdb:{file}").exit_code == 0
    assert "already there" in publish(f"duckdb:{file}").output
    with duckdb.connect(file) as connection:
        connection.execute("create table marts.theirs as select 1 as x")
    make_publication(home, "r2", {"fct_x": LATER})
    done = publish(f"duckdb:{file}")
    assert done.exit_code == 0, done.output
    with duckdb.connect(file, read_only=True) as connection:
        connection.execute("use marts")
        assert connection.execute("select sum(arr) from fct_x").fetchone() == (20,)
        names = {name for (name,) in connection.execute("show tables").fetchall()}
        [(comment,)] = connection.execute(
            "select comment from duckdb_columns() where table_name = 'fct_x'"
            " and column_name = 'arr'"
        ).fetchall()
    assert names == {
        "fct_x", "data_dictionary", "theirs", "csw_publication", "csw_published_tables",
    }  # fmt: skip
    assert comment.startswith(f"{SAID} Unit: USD.")


def test_a_failure_leaves_the_attached_database_as_it_was(home, publish, folder, monkeypatch):
    file = folder / "bi.duckdb"
    make_publication(home, "r1", {"fct_x": TABLE})
    publish(f"duckdb:{file}")
    make_publication(home, "r2", {"fct_x": LATER})

    def broken(*_):
        raise duckdb.IOException("No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(attached, "_note", broken)
        done = publish(f"duckdb:{file}")
    assert done.exit_code == 4
    assert "The disk is full" in done.output
    with duckdb.connect(file, read_only=True) as connection:
        assert connection.execute("select sum(arr) from marts.fct_x").fetchone() == (10,)


def test_tables_of_others_in_an_attached_database_are_refused(home, publish, folder):
    folder.mkdir()
    file = folder / "bi.duckdb"
    with duckdb.connect(file) as connection:
        connection.execute("create schema marts")
        connection.execute("create table marts.fct_x as select 1 as x")
    make_publication(home, "r1", {"fct_x": TABLE})
    done = publish(f"duckdb:{file}")
    assert done.exit_code == 1
    assert "did not make: fct_x" in done.output
    assert "lies in the home" in publish(f"duckdb:{home.warehouse}").output


@pytest.mark.parametrize("target", ["md:bi?motherduck_token=s3cret", "ducklake:postgres:pw=s3cret"])
def test_an_extension_that_is_not_there_is_told_without_the_token(
    home, publish, monkeypatch, target, tmp_path
):
    make_publication(home, "r1", {"fct_x": TABLE})
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(attached, "LOADING", ("load",))
    done = publish(target)
    assert done.exit_code == 4
    assert "needs DuckDB's extension" in done.output
    assert "s3cret" not in done.output


def test_grants_are_for_postgres_alone(home, publish, folder):
    make_publication(home, "r1", {"fct_x": TABLE})
    assert "--grant is for Postgres" in publish(f"parquet:{folder}", "--grant", "bi").output


def test_nothing_published_is_told(home, publish, folder):
    done = publish(f"parquet:{folder}")
    assert done.exit_code == 1
    assert "run `csw refresh`" in done.output


def test_a_copy_that_fails_is_alerted(home, publish, folder, tmp_path, monkeypatch):
    told = tmp_path / "told"
    monkeypatch.setenv("CSW_ALERT_COMMAND", f"cat > '{told}'")
    publish(f"parquet:{folder}")
    assert "was not copied" in told.read_text()


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        ("postgres://u@h/d", "postgres"),
        ("postgresql://u@h/d", "postgres"),
        ("postgres:host=h", "postgres"),
        ("service=bi", "postgres"),
        ("parquet:/srv/bi", "parquet"),
        ("duckdb:x.duckdb", "duckdb"),
        ("md:bi", "motherduck"),
        ("ducklake:x.ducklake", "ducklake"),
    ],
)
def test_an_address_names_its_kind_of_target(target, kind):
    assert fill.kind_of(target)[0] == kind


@pytest.mark.parametrize("target", ["", "somewhere", "parquet:", "md:", "snowflake://u:pw@h"])
def test_an_address_of_no_kind_is_refused_without_what_may_be_secret(target):
    with pytest.raises(TargetError) as told:
        fill.kind_of(target)
    assert "pw" not in str(told.value)


def test_two_copies_to_one_folder_at_once_are_refused(home, publish, folder):
    make_publication(home, "r1", {"fct_x": TABLE})
    with folders._locked(Path(folder)):
        done = publish(f"parquet:{folder}")
    assert done.exit_code == 3
