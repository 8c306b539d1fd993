"""A DuckDB file as a target is replaced at once, under its readers, and keeps what others have."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from orchestration.targets import attached, replaced
from orchestration.targets.alone import alone

from .publishing import Made, make_publication

FIRST = Made("select i as id, cast(i as decimal(18, 2)) as arr from range(5) as r (i)", ("id",))
LATER = Made(f"select id, arr * 2 as arr from ({FIRST.sql})", ("id",))
HOLDING = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1], read_only=sys.argv[2] == "read")
print("open", flush=True)
for query in sys.stdin:
    print(connection.execute(query).fetchall(), flush=True)
"""
# A writer that is killed leaves its log beside the file.
KILLED_WRITER = """
import os, sys, duckdb
connection = duckdb.connect(sys.argv[1])
connection.execute("create table theirs as select 7 as x")
os._exit(1)
"""
KILLED = """
import os, signal, sys
from pathlib import Path
from orchestration.cli import app
from orchestration.targets import attached
from orchestration.targets.alone import alone
def die(*_): os.kill(os.getpid(), signal.SIGKILL)
moment = sys.argv.pop(1)
if moment == "written":
    attached._note = die
else:
    Path.replace = die
app()
"""


@pytest.fixture
def file(home, publish, folder) -> Path:
    """A file that holds the first publication, when the second is to come."""
    file = folder / "bi.duckdb"
    make_publication(home, "r1", {"fct_x": FIRST})
    assert publish(f"duckdb:{file}").exit_code == 0
    make_publication(home, "r2", {"fct_x": LATER})
    return file


@contextmanager
def held(file: Path, how: str) -> Iterator[subprocess.Popen]:
    """Another process that has the file open."""
    command = [sys.executable, "-c", HOLDING, str(file), how]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "open\n"
        yield process
        process.stdin.close()


def asked(file: Path, sql: str = "select sum(arr) from marts.fct_x") -> object:
    with duckdb.connect(file, read_only=True) as connection:
        return connection.execute(sql).fetchone()[0]


def names(file: Path) -> set[str]:
    return {path.name for path in file.parent.iterdir()}


def test_a_reader_goes_on_with_the_old_file_and_the_next_reads_the_new(publish, file):
    with held(file, "read") as reader:
        done = publish(f"duckdb:{file}")
        assert done.exit_code == 0, done.output
        reader.stdin.write("select sum(arr) from marts.fct_x\n")
        reader.stdin.flush()
        assert "10.00" in reader.stdout.readline()
        assert asked(file) == 20
    assert names(file) == {"bi.duckdb", ".bi.duckdb.csw.lock"}


def test_a_file_that_somebody_writes_to_is_left_alone(publish, file):
    with held(file, "write") as writer:
        done = publish(f"duckdb:{file}")
        assert done.exit_code == 3
        assert f"PID {writer.pid}" in done.output
    assert asked(file) == 10


def test_nobody_can_write_to_a_file_that_is_about_to_be_replaced(publish, file, monkeypatch):
    told = []

    def opened(*arguments):
        command = [sys.executable, "-c", HOLDING, str(file), "write"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, input="")
        told.append(done.stderr)
        return original(*arguments)

    original = attached._note
    monkeypatch.setattr(attached, "_note", opened)
    done = publish(f"duckdb:{file}")
    assert done.exit_code == 0, done.output
    assert "Could not set lock" in told[0]
    assert asked(file) == 20


def test_a_writer_that_came_after_the_look_is_told_of(publish, file, monkeypatch):
    def looked(*arguments, **words):
        process = stack.__enter__()
        assert process.poll() is None
        return original(*arguments, **words)

    stack = held(file, "write")
    original = attached.replacing
    monkeypatch.setattr(attached, "replacing", looked)
    done = publish(f"duckdb:{file}")
    stack.__exit__(None, None, None)
    assert done.exit_code == 3
    assert "open for writing elsewhere" in done.output
    assert asked(file) == 10


def test_a_file_that_was_replaced_meanwhile_stays_as_they_left_it(publish, file, monkeypatch):
    def put(*arguments):
        other = file.with_name("other")
        with duckdb.connect(other) as connection:
            connection.execute("create table theirs as select 7 as x")
        other.rename(file)
        return original(*arguments)

    original = attached._note
    monkeypatch.setattr(attached, "_note", put)
    done = publish(f"duckdb:{file}")
    assert done.exit_code == 3
    assert "by somebody else" in done.output
    assert asked(file, "select x from theirs") == 7
    assert names(file) == {"bi.duckdb", ".bi.duckdb.csw.lock"}


def test_two_copies_to_one_file_at_once_are_refused(publish, file):
    with alone(file.with_name(f".{file.name}.{replaced.LOCK}"), file):
        done = publish(f"duckdb:{file}")
    assert done.exit_code == 3
    assert "Another `csw publish`" in done.output


@pytest.mark.parametrize("moment", ["written", "replaced"])
def test_a_kill_leaves_the_old_file_and_what_it_left_is_removed(
    home, publish, file, project_root, moment
):
    done = subprocess.run(
        [sys.executable, "-c", KILLED, moment, "publish", "--to", f"duckdb:{file}"],
        cwd=project_root, capture_output=True, check=False,
        env={**os.environ, "CSW_HOME": str(home.path)},
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL
    assert ".bi.duckdb.csw.tmp" in names(file)
    # As a kill while the disk takes it leaves one, too.
    file.with_name(".bi.duckdb.csw.tmp.wal").write_bytes(b"torn")
    assert asked(file) == 10
    assert publish(f"duckdb:{file}").exit_code == 0
    assert asked(file) == 20
    assert names(file) == {"bi.duckdb", ".bi.duckdb.csw.lock"}


def test_what_a_kill_left_of_a_new_file_is_never_taken_for_it(home, publish, folder):
    folder.mkdir()
    with duckdb.connect(folder / ".bi.duckdb.csw.tmp") as connection:
        connection.execute("create table half as select 1 as x")
    make_publication(home, "r1", {"fct_x": FIRST})
    assert publish(f"duckdb:{folder / 'bi.duckdb'}").exit_code == 0
    found = "select count(*) from duckdb_tables() where table_name = 'half'"
    assert asked(folder / "bi.duckdb", found) == 0


def test_a_full_disk_leaves_the_old_file(publish, file, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    for module, name in ((replaced.shutil, "copyfileobj"), (replaced, "sync")):
        with monkeypatch.context() as patch:
            patch.setattr(module, name, full)
            done = publish(f"duckdb:{file}")
        assert done.exit_code == 4
        assert "The disk is full" in done.output
        assert asked(file) == 10
        assert names(file) == {"bi.duckdb", ".bi.duckdb.csw.lock"}


def test_what_others_have_in_the_file_stays_also_views_on_our_tables(publish, file):
    with duckdb.connect(file) as connection:
        connection.execute("create schema theirs")
        connection.execute("create table theirs.plan as select 1 as id, 100 as target")
        connection.execute("create unique index plan_id on theirs.plan (id)")
        connection.execute("create sequence theirs.number start 5")
        connection.execute("create macro theirs.twice(x) as 2 * x")
        connection.execute("comment on table theirs.plan is 'Of finance'")
        connection.execute("create view marts.total as select sum(arr) as arr from marts.fct_x")
    assert publish(f"duckdb:{file}").exit_code == 0
    with duckdb.connect(file) as connection:
        row = connection.execute(
            "select arr, theirs.twice(target), nextval('theirs.number'),"
            " (select comment from duckdb_tables() where table_name = 'plan'),"
            " (select count(*) from duckdb_indexes()) from marts.total, theirs.plan"
        ).fetchone()
    assert row == (20, 200, 5, "Of finance", 1)


def test_what_a_killed_writer_left_in_its_log_goes_over(publish, file):
    subprocess.run([sys.executable, "-c", KILLED_WRITER, str(file)], check=False)
    assert file.with_name("bi.duckdb.wal").exists()
    with held(file, "read"):
        assert publish(f"duckdb:{file}").exit_code == 3
    assert asked(file, "select x from theirs") == 7
    assert publish(f"duckdb:{file}").exit_code == 0
    assert (asked(file), asked(file, "select x from theirs")) == (20, 7)
    assert names(file) == {"bi.duckdb", ".bi.duckdb.csw.lock"}


def test_a_log_that_belongs_to_no_file_any_more_is_never_replayed_into_ours(home, publish, folder):
    folder.mkdir()
    (folder / "bi.duckdb.wal").write_bytes(b"theirs")
    make_publication(home, "r1", {"fct_x": FIRST})
    done = publish(f"duckdb:{folder / 'bi.duckdb'}")
    assert done.exit_code == 1
    assert "bi.duckdb.wal holds changes" in done.output
    assert (folder / "bi.duckdb.wal").read_bytes() == b"theirs"


def test_a_link_stays_and_its_file_is_replaced(publish, file, tmp_path):
    link = tmp_path / "link.duckdb"
    link.symlink_to(file)
    assert publish(f"duckdb:{link}").exit_code == 0
    assert link.readlink() == file
    assert asked(file) == asked(link) == 20
    assert not list(tmp_path.glob(".link*"))


def test_mode_and_owner_stay_and_a_file_that_nobody_may_write_is_replaced(publish, file):
    file.chmod(0o440)
    if os.geteuid() == 0:
        os.chown(file, 65534, 65534)
    before = file.stat()
    assert publish(f"duckdb:{file}").exit_code == 0
    after = file.stat()
    assert after.st_ino != before.st_ino
    assert (after.st_mode, after.st_uid, after.st_gid) == (
        before.st_mode, before.st_uid, before.st_gid,
    )  # fmt: skip


def test_an_owner_that_cannot_be_kept_is_said(publish, file, monkeypatch):
    if os.geteuid() != 0:
        pytest.skip("only root can make a file of somebody else here")

    def refused(*_):
        raise PermissionError(1, "Operation not permitted")

    os.chown(file, 65534, 65534)
    monkeypatch.setattr(os, "chown", refused)
    done = publish(f"duckdb:{file}")
    assert done.exit_code == 0
    assert "belonged to user 65534" in done.output


def test_a_file_of_a_newer_storage_version_is_filled_and_keeps_it(home, publish, folder):
    folder.mkdir()
    file = folder / "bi.duckdb"
    with duckdb.connect(file, config={"storage_compatibility_version": "latest"}) as connection:
        connection.execute("create table theirs as select 7 as x")
    make_publication(home, "r1", {"fct_x": FIRST})
    done = publish(f"duckdb:{file}")
    assert done.exit_code == 0, done.output
    assert (asked(file), asked(file, "select x from theirs")) == (10, 7)


def test_a_folder_is_no_file(home, publish, folder):
    folder.mkdir()
    make_publication(home, "r1", {"fct_x": FIRST})
    assert "is no file" in publish(f"duckdb:{folder}").output
    assert not list(folder.iterdir())
