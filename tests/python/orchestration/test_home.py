import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from orchestration.home import Home, HomeConfig, HomeError, claim, require_claimed
from orchestration.lock import HomeLockedError, home_lock
from orchestration.project import default_vars, vars_arguments


@pytest.fixture
def delivery(tmp_path: Path) -> Path:
    folder = tmp_path / "acme exports"
    folder.mkdir()
    return folder


def test_csw_home_moves_the_home(tmp_path):
    os.environ["CSW_HOME"] = str(tmp_path / "elsewhere")
    assert Home.resolve().path == tmp_path / "elsewhere"
    assert Home.resolve(tmp_path / "named").path == tmp_path / "named"


def test_home_is_data_below_the_project_by_default(project_root):
    del os.environ["CSW_HOME"]
    assert Home.resolve().path == project_root / "data"


def test_new_home_becomes_the_demo(home):
    config = claim(home, scale=0.5).config
    assert config.is_demo
    assert config.scale == 0.5
    assert home.read() == config
    assert json.loads(home.file.read_text())["company"] == "demo"


def test_refresh_without_source_continues_the_company(home, delivery):
    first = claim(home, source=delivery).config
    assert claim(home).config == first


def test_company_is_named_by_folder_or_mapping(tmp_path, delivery):
    assert claim(Home(tmp_path / "a"), source=delivery).config.company == "acme exports"
    mapping = tmp_path / "mapping.yml"
    mapping.write_text("company: Acme\n")
    config = claim(Home(tmp_path / "b"), source=delivery, mapping=mapping).config
    assert config.company == "Acme"
    assert config.mapping == str(mapping)


def test_mapping_beside_the_files_is_found(home, delivery):
    (delivery / "mapping.yml").write_text("company: Acme\n")
    assert claim(home, source=delivery).config.mapping == str(delivery / "mapping.yml")


def test_files_company_switches_every_domain_to_files(home, delivery):
    config = claim(home, source=delivery).config
    assert config.vendors == ["files"]
    assert "files" in vars_arguments(home)[1]


def test_demo_needs_no_vars_so_that_the_partial_parse_holds(home):
    claim(home)
    assert vars_arguments(home) == []
    assert set(default_vars()["sources"]) == set(HomeConfig().sources)


def test_demo_moves_aside_for_a_real_company(home, delivery):
    claim(home)
    (home.exports / "stripe").mkdir(parents=True)
    (home.exports / "stripe" / "events.jsonl").write_text("{}")
    claimed = claim(home, source=delivery)
    parked = next((home.path / "parked").iterdir())
    assert (parked / "exports" / "stripe" / "events.jsonl").read_text() == "{}"
    assert json.loads((parked / "home.json").read_text())["source"] == "demo"
    assert not home.exports.exists()
    assert claimed.config.company == "acme exports"
    assert str(parked) in claimed.notes[0]


def test_second_company_is_refused_and_the_remedy_named(home, delivery, tmp_path):
    claim(home, source=delivery)
    other = tmp_path / "globex"
    other.mkdir()
    with pytest.raises(HomeError, match=r"CSW_HOME=.*--same-company"):
        claim(home, source=other)
    assert home.read().company == "acme exports"


def test_same_company_may_come_from_another_folder(home, delivery, tmp_path):
    claim(home, source=delivery)
    other = tmp_path / "2026-01-31"
    other.mkdir()
    config = claim(home, source=other, same_company=True).config
    assert config.company == "acme exports"
    assert config.folder == str(other)


def test_dated_folders_of_one_company_follow_each_other(home, tmp_path):
    for day in ("2026-01-30", "2026-01-31"):
        folder = tmp_path / day
        folder.mkdir()
        (folder / "mapping.yml").write_text("company: Acme\n")
        assert claim(home, source=folder).config.folder == str(folder)


def test_folder_that_is_gone_is_said(home, delivery):
    claim(home, source=delivery)
    delivery.rmdir()
    with pytest.raises(HomeError, match="not there any more"):
        claim(home)


def test_source_must_be_a_folder(home, tmp_path):
    with pytest.raises(HomeError, match="folder of files"):
        claim(home, source=tmp_path / "nothing")
    assert not home.exists()


def test_generated_demo_keeps_its_scale(home):
    claim(home, scale=0.5)
    home.write(HomeConfig(scale=0.5, demo_until="2025-12-31"))
    with pytest.raises(HomeError, match="CSW_HOME"):
        claim(home, scale=1)
    assert claim(home, scale=0.5).config.scale == 0.5


@pytest.mark.parametrize("umask", [0o000, 0o022])
def test_what_holds_personal_data_is_the_owners_alone(home, umask):
    before = os.umask(umask)
    try:
        home.exports.mkdir(parents=True)
        home.warehouse.write_bytes(b"of a version before")
        spilled = home.path / f"{home.warehouse.name}.tmp"
        spilled.mkdir()
        with home_lock(home):
            home.create()
            home.write(HomeConfig())
            (home.runs / "latest.log").touch()
        assert os.umask(umask) == umask
    finally:
        os.umask(before)
    found = {path: path.stat().st_mode & 0o077 for path in home.path.rglob("*")}
    assert not any(found.values()), found
    # What DuckDB left where it spilled to must take files again.
    assert spilled.stat().st_mode & 0o700 == 0o700


# Of its own program: a process made out of this one would run what pytest's worker ran last.
HOLD = """
import sys
from pathlib import Path

from orchestration.home import Home
from orchestration.lock import home_lock

with home_lock(Home(Path(sys.argv[1]))):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_second_process_is_told_who_holds_the_home(home, project_root):
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, home.path],
        cwd=project_root,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(HomeLockedError, match=f"process {holder.pid}"), home_lock(home):
            pass
        holder.stdin.close()
    with home_lock(home), home_lock(home):
        pass


@pytest.mark.parametrize("there", ["warehouse.duckdb", "landed.duckdb", "exports/accounts.csv"])
def test_the_demo_is_not_put_beside_what_somebody_has_there(home, there):
    """Tables that another loader landed, without a company.yml yet, are nobody's demo."""
    file = home.path / there
    file.parent.mkdir(parents=True)
    file.write_bytes(b"somebody's")
    for ask in (lambda: claim(home), lambda: claim(home, scale=0.1), lambda: require_claimed(home)):
        with pytest.raises(HomeError, match=r"holds .*csw init"):
            ask()
    assert [path for path in home.path.rglob("*") if path.is_file()] == [file]


def test_a_home_that_lost_its_home_json_does_not_become_the_demo(home, delivery):
    claim(home, source=delivery)
    home.warehouse.touch()
    home.file.unlink()
    with pytest.raises(HomeError, match="belongs to nobody yet"):
        claim(home)


def test_a_new_home_says_that_it_becomes_the_demo(home):
    home.create()
    assert "made-up company" in claim(home).notes[0]
    assert claim(home).notes == []


def test_a_demo_that_was_moved_by_half_is_still_the_demo(home, delivery, monkeypatch):
    """A kill while the demo moves aside: the company never loads into the demo's warehouse."""
    claim(home)
    for name in ("exports", "published"):
        (home.path / name).mkdir()
    home.warehouse.touch()
    move = shutil.move

    def killed(source: str, target: str) -> None:
        if Path(source).name == "published":
            raise KeyboardInterrupt
        move(source, target)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(shutil, "move", killed)
        claim(home, source=delivery)
    assert home.read().is_demo
    claim(home, source=delivery)
    assert not home.warehouse.exists()
    assert home.read().company == "acme exports"
