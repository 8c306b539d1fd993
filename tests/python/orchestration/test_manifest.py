import shutil

import pytest
from tiny_company import TINY_PROJECT

from orchestration.home import HomeConfig
from orchestration.manifest import STAMP_FILE, ensure_manifest, is_fresh, write_stamp
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
