"""What a home remembers is written whole or not at all, and what cannot be read stops nobody."""

import ast
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest

from demo import company as demo_company
from orchestration import build_state
from orchestration.build_state import BuildState, build_state_file
from orchestration.connectors.drop import Drop
from orchestration.home import HomeError
from orchestration.manifest import STAMP_FILE, is_fresh
from orchestration.progress import Recorder, watching
from orchestration.publish import read_publication
from orchestration.state import read_json, write_json

# What a kill, a full disk or a power cut left of a file that was written in place.
TORN = [b"", b'{"succeeded": tr', b"\0" * 64, b"\xff\xfe{", b"[]", b"null", b"[" * 100_000]
# Modules that write what is no state: a stream is read by nobody until it is put in place by its
# name, or is a log.
STREAMS = {
    "orchestration/state.py": "the one helper",
    "orchestration/lock.py": "the lock itself, held by its descriptor",
    "orchestration/refresh.py": "the run's log",
    "orchestration/targets/alone.py": "the lock of a target, held by its descriptor",
    "orchestration/targets/replaced.py": "its copy, hidden until it is whole",
    "orchestration/connectors/drop.py": "rows, under a hidden name until they are whole",
    "orchestration/loads/csvscan.py": "a work file of one load",
    "orchestration/loads/unpack.py": "a work file of one load",
}
KILLED = """
import os, pathlib, signal, sys
from orchestration import state
def die(*_): os.kill(os.getpid(), signal.SIGKILL)
if sys.argv[2] == "replace":
    pathlib.Path.replace = die
else:
    os.fsync = die
state.write_json(pathlib.Path(sys.argv[1]), {"new": "x" * 100_000})
"""


@pytest.mark.parametrize("moment", ["fsync", "replace"])
def test_a_kill_while_state_is_written_leaves_what_it_was(tmp_path, project_root, moment):
    file = tmp_path / "state.json"
    write_json(file, {"old": 1})
    command = [sys.executable, "-c", KILLED, str(file), moment]
    done = subprocess.run(command, cwd=project_root, check=False)
    assert done.returncode == -signal.SIGKILL
    assert read_json(file) == {"old": 1}
    write_json(file, {"new": 2})
    assert read_json(file) == {"new": 2}
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]


def test_a_full_disk_leaves_what_it_was(tmp_path, monkeypatch):
    file = tmp_path / "state.json"
    write_json(file, {"old": 1})

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_json(file, {"new": 2})
    assert read_json(file) == {"old": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]


@pytest.mark.parametrize("torn", TORN)
def test_state_that_cannot_be_read_is_said_in_one_line_and_not_there(home, torn, monkeypatch):
    monkeypatch.setattr(build_state, "read_manifest", lambda _: {"nodes": {}})
    monkeypatch.setattr(build_state, "vars_arguments", lambda _: [])
    home.create()
    home.published.mkdir()
    (home.dbt_target / "manifest.json").write_text("{}")
    drop = home.path / "api" / "stripe"
    files = {
        build_state_file(home): lambda: BuildState.read(home).succeeded,
        home.dbt_target / STAMP_FILE: lambda: is_fresh(home),
        home.published / "manifest.json": lambda: read_publication(home.published),
        drop / "_state.json": lambda: Drop(drop, datetime.now(UTC)).state,
        drop / "_unfinished.json": lambda: Drop(drop, datetime.now(UTC)).done,
        home.exports / "demo.json": lambda: (
            demo_company._plan(home.path, date(2025, 12, 31), 1, 1).done_until
        ),
    }
    for file, read in files.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(torn)
        with watching(Recorder()) as recorder:
            assert not read()
        assert any(str(file) in note for note in recorder.record.notes)
        assert all("\n" not in note for note in recorder.record.notes)


def test_after_a_lost_build_state_incremental_tables_are_rebuilt(home, monkeypatch):
    monkeypatch.setattr(build_state, "read_manifest", lambda _: {"nodes": {}})
    monkeypatch.setattr(build_state, "vars_arguments", lambda _: [])
    home.create()
    build_state_file(home).write_bytes(b"")
    lost = BuildState.read(home)
    assert lost.full_refresh_reason(date(2025, 12, 31), asked=False)
    lost.start(date(2025, 12, 31))
    assert BuildState.read(home).content["as_of"] == "2025-12-31"


@pytest.mark.parametrize("torn", TORN)
def test_a_home_never_changes_hands_because_its_file_is_torn(home, torn):
    home.create()
    home.file.write_bytes(torn)
    with pytest.raises(HomeError, match="says whose home this is"):
        home.read()


def test_nothing_but_the_helper_writes_state(project_root):
    found = [
        f"{path.relative_to(project_root)}:{line}"
        for path in sorted((project_root / "orchestration").rglob("*.py"))
        if str(path.relative_to(project_root)) not in STREAMS
        for line in _writes(path.read_text(encoding="utf-8"))
    ]
    assert found == [], "write state by orchestration.state (write_text, write_json)"


@pytest.mark.parametrize(
    "code",
    [
        "path.write_text('x')",
        "path.write_bytes(b'x')",
        "path.open('w')",
        "open(path, mode='a')",
        "path.open('x', encoding='utf-8')",
        "json.dump(content, file)",
    ],
)
def test_the_rule_objects_to_a_file_written_in_place(code):
    assert list(_writes(code))
    assert not list(_writes("path.open(); path.open('rb'); write_text(path, 'x')"))


def _writes(code: str) -> Iterator[int]:
    """The lines that write a file in place."""
    for node in ast.walk(ast.parse(code)):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        told = [*node.args, *(word.value for word in node.keywords if word.arg == "mode")]
        modes = [str(each.value) for each in told if isinstance(each, ast.Constant)]
        opens = called.rpartition(".")[2] == "open" and any(set(m) & set("wax") for m in modes)
        if opens or called == "json.dump" or called.endswith((".write_text", ".write_bytes")):
            yield node.lineno
