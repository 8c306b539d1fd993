import os
import shutil
import subprocess
import sys

import pytest
from tiny_company import TINY_PROJECT

from orchestration import manifest as manifests
from orchestration.errors import MACHINE
from orchestration.home import HomeConfig
from orchestration.manifest import (
    STAMP_FILE,
    Parse,
    ParseStoppedError,
    ensure_manifest,
    is_fresh,
    write_stamp,
)
from orchestration.project import ProjectError, project_root


@pytest.fixture
def project(tmp_path, monkeypatch):
    folder = tmp_path / "tiny project"
    shutil.copytree(TINY_PROJECT, folder)
    monkeypatch.setenv("CSW_PROJECT", str(folder))
    return folder


def pretend_parsed(home):
    """As after a parse, without waiting for one."""
    from orchestration.manifest import fingerprint  # noqa: PLC0415

    home.create()
    (home.dbt_target / "manifest.json").write_text("{}")
    write_stamp(home, fingerprint(home))
    assert is_fresh(home)


def test_changed_model_makes_it_stale(project, home):
    pretend_parsed(home)
    with (project / "models" / "facts" / "fct_account_month.sql").open("a") as file:
        file.write("-- one more line\n")
    assert not is_fresh(home)


def test_new_and_removed_files_make_it_stale(project, home):
    pretend_parsed(home)
    model = project / "models" / "facts" / "new.sql"
    model.write_text("select 1 as one")
    assert not is_fresh(home)
    pretend_parsed(home)
    model.unlink()
    assert not is_fresh(home)


def test_changed_vars_make_it_stale(project, home):
    home.write(HomeConfig())
    pretend_parsed(home)
    home.write(HomeConfig(vars={"late_renewal_days": 30}))
    assert not is_fresh(home)


def test_manifest_of_somebody_else_is_not_taken(project, home):
    pretend_parsed(home)
    (home.dbt_target / "manifest.json").write_text('{"other": "vars"}')
    assert not is_fresh(home)


def test_project_is_where_csw_project_says(project, monkeypatch, tmp_path):
    assert project_root() == project
    monkeypatch.setenv("CSW_PROJECT", str(tmp_path / "nothing"))
    with pytest.raises(ProjectError, match="CSW_PROJECT"):
        project_root()


@pytest.mark.long
def test_manifest_is_made_once(project, home):
    made = ensure_manifest(home)
    before = made.stat().st_mtime_ns
    assert (home.dbt_target / STAMP_FILE).is_file()
    assert ensure_manifest(home).stat().st_mtime_ns == before


def test_a_disk_that_stops_a_parse_is_told_without_the_traceback_of_dbt(home):
    """A full disk is no fault of the project."""
    code = (
        "import sys; print('Traceback\\nOSError: [Errno 28] No space left on device'); sys.exit(2)"
    )
    dbt = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    with pytest.raises(ParseStoppedError) as stopped:
        Parse(home, "", dbt).wait()
    assert "The disk is full" in str(stopped.value)
    assert "Traceback" not in str(stopped.value)
    assert stopped.value.exit_code == MACHINE


@pytest.mark.parametrize("left", [b"", b"\0\0", b"\xff{"])
def test_a_manifest_that_a_power_cut_tore_is_made_anew(project, home, left):
    pretend_parsed(home)
    manifest = home.dbt_target / "manifest.json"
    at = manifest.stat().st_mtime_ns
    manifest.write_bytes(left)
    os.utime(manifest, ns=(at, at))
    # The next command is another process.
    manifests._read_once.cache_clear()
    assert not is_fresh(home)
