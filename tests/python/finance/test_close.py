"""A month is closed once, in order, complete and tested; the ledger shows every change to it."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import asdict, replace

import duckdb
import pytest
from typer.testing import CliRunner

from orchestration import close as close_module
from orchestration import ledger as ledger_module
from orchestration.close import CloseError, close_month, load_ledger, next_month
from orchestration.close_cli import app
from orchestration.close_job import JOB_NAME, build_close_job
from orchestration.database import BusyError
from orchestration.home import Home
from orchestration.ledger import LedgerError, Month, ledger_folder, read_closes
from orchestration.ledger_checks import problems
from orchestration.ledger_memory import remember
from orchestration.publish import Relation, note_closes, publish
from tests.python.finance.published import publish_figures

NOVEMBER, DECEMBER = Month.parse("2025-11"), Month.parse("2025-12")
ARR = {
    "2025-10": {"a": 100, "b": 50},
    "2025-11": {"a": 120, "b": 50},
    "2025-12": {"a": 120, "b": 50, "c": 30},
}


@pytest.fixture
def closed(home):
    """A home with October and November closed."""
    publish_figures(home, "2025-12-31", ARR)
    close_month(home, Month.parse("2025-10"), closed_by="Kim")
    close_month(home, NOVEMBER, closed_by="Kim")
    return home


def test_close_says_who_when_and_what(home):
    publish_figures(home, "2025-11-30", ARR)
    close = close_month(home, NOVEMBER, closed_by="Kim Park")
    assert (close.month, close.closed_by, close.as_of_date) == ("2025-11", "Kim Park", "2025-11-30")
    assert close.run_id == "20260101T000000Z_test"
    assert close.policy == {"fx_mode": "constant"}
    assert close.definition_version == "0.0+test"
    assert close.totals["closing_arr"] == "170.00"
    assert close.totals["nrr"] == "1.25"
    assert set(close.files) == {"account_month.parquet", "arr_line.parquet", "retention.parquet"}
    assert read_closes(home) == [close]
    assert problems(home) == []
    assert next_month(home) == DECEMBER


def test_the_definition_is_that_of_the_published_figures(home):
    publish_figures(home, "2025-11-30", ARR, definition="0.0+published")
    assert close_month(home, NOVEMBER, closed_by="Kim").definition_version == "0.0+published"


def test_a_publication_of_before_has_the_definition_of_now(home, monkeypatch):
    monkeypatch.setattr(close_module, "definition_version", lambda _: "0.1+now")
    publish_figures(home, "2025-11-30", ARR)
    manifest = home.published / "manifest.json"
    content = json.loads(manifest.read_text())
    del content["definition_version"]
    manifest.write_text(json.dumps(content))
    close = close_month(home, NOVEMBER, closed_by="Kim")
    assert close.definition_version == "0.1+now"


def test_a_month_is_closed_once(closed):
    before = (ledger_folder(closed) / "manifest.json").read_bytes()
    with pytest.raises(CloseError, match=r"2025-11 was closed on .* by Kim"):
        close_month(closed, NOVEMBER)
    assert (ledger_folder(closed) / "manifest.json").read_bytes() == before


@pytest.mark.parametrize("month", ["2025-09", "2026-01"])
def test_months_are_closed_in_order(closed, month):
    with pytest.raises(CloseError, match="close 2025-12 next"):
        close_month(closed, Month.parse(month))


def test_an_incomplete_month_is_not_closed(home):
    publish_figures(home, "2025-12-30", ARR)
    with pytest.raises(CloseError, match=r"2025-12 is not complete.*2025-12-30"):
        close_month(home, DECEMBER)
    assert not ledger_folder(home).exists()


def test_nothing_is_closed_after_a_refresh_that_failed(closed):
    publish_figures(closed, "2025-12-31", ARR, run_id="20260102T000000Z_bad", tests_pass=False)
    with pytest.raises(CloseError, match="did not pass its tests"):
        close_month(closed, DECEMBER)
    assert len(read_closes(closed)) == 2


def test_nothing_is_closed_that_was_not_published(home):
    home.create()
    with pytest.raises(CloseError, match="Nothing is published"):
        close_month(home, NOVEMBER)


def test_a_published_file_that_was_changed_is_not_closed(home):
    publish_figures(home, "2025-11-30", ARR)
    file = next((home.published / "parquet").rglob("fct_arr_line.parquet"))
    file.chmod(0o600)
    file.write_bytes(file.read_bytes() + b" ")
    with pytest.raises(CloseError, match=r"fct_arr_line.parquet is not what manifest.json says"):
        close_month(home, NOVEMBER)


def test_a_month_without_figures_is_not_closed(home):
    publish_figures(home, "2025-12-31", ARR)
    with pytest.raises(CloseError, match="no figures for 2025-01"):
        close_month(home, Month.parse("2025-01"))
    assert read_closes(home) == []
    assert list(ledger_folder(home).iterdir()) == []


def test_lines_that_do_not_tie_to_accounts_are_not_closed(home):
    publish_figures(home, "2025-11-30", ARR)
    with duckdb.connect(home.warehouse) as connection:
        connection.execute("update facts.fct_arr_line set arr = arr + 0.01")
    _publish_again(home, "20260104T000000Z_test")
    with pytest.raises(CloseError, match="does not tie"):
        close_month(home, NOVEMBER)


def _publish_again(home, run_id):
    relations = [
        Relation("facts", "fct_account_month"),
        Relation("facts", "fct_arr_line"),
        Relation("marts", "mart_retention_monthly"),
    ]
    publish(
        home.warehouse,
        home.published,
        relations,
        run_id=run_id,
        as_of="2025-11-30",
        company="test",
        versions={},
        policy={},
    )
    state = {"succeeded": True, "run_id": run_id, "as_of": "2025-11-30"}
    (home.path / "dbt" / "last_build.json").write_text(json.dumps(state))


def test_prior_period_adjustment_carries_what_became_known(closed):
    late = {**ARR, "2025-11": {"a": 120, "d": 7}, "2025-12": {"a": 120, "c": 30, "d": 7}}
    publish_figures(closed, "2025-12-31", late, run_id="20260105T000000Z_test")
    close = close_month(closed, DECEMBER)
    file = ledger_folder(closed) / "2025-12" / "account_month.parquet"
    rows = duckdb.sql(
        "select account_id, opening_arr, prior_period_adjustment_arr, closing_arr, movement "
        f"from '{file}' order by all"
    ).fetchall()
    assert [(r[0], int(r[1]), int(r[2]), int(r[3])) for r in rows] == [
        ("a", 120, 0, 120),
        ("b", 50, -50, 0),  # restated away: it was no customer in November
        ("c", 0, 0, 30),
        ("d", 0, 7, 7),  # found since
    ]
    assert close.totals["opening_arr"] == "170.00"
    assert close.totals["prior_period_adjustment_arr"] == "-43.00"
    assert close.totals["closing_arr"] == "157.00"


@pytest.mark.parametrize("name", ["account_month.parquet", "retention.parquet", "close.json"])
def test_a_changed_file_is_named(closed, name):
    file = ledger_folder(closed) / "2025-10" / name
    file.write_bytes(file.read_bytes().replace(b"a", b"b", 1))
    assert any(f"2025-10/{name}" in problem for problem in problems(closed))
    with pytest.raises(LedgerError, match=f"2025-10/{name}"):
        close_month(closed, DECEMBER)
    with pytest.raises(LedgerError, match=f"2025-10/{name}"):
        load_ledger(closed)


def test_a_missing_and_an_added_file_are_named(closed):
    folder = ledger_folder(closed)
    (folder / "2025-11" / "arr_line.parquet").rename(folder / "2025-11" / "other.parquet")
    found = problems(closed)
    assert "2025-11/arr_line.parquet is missing." in found
    assert "2025-11/other.parquet was added after the close." in found


def test_a_changed_entry_breaks_the_chain(closed):
    manifest = ledger_folder(closed) / "manifest.json"
    content = json.loads(manifest.read_text())
    content["closes"][0]["closed_by"] = "Somebody else"
    manifest.write_text(json.dumps(content))
    assert "manifest.json: the entry of 2025-10 was changed after the close." in problems(closed)


def test_a_forged_entry_does_not_fit_the_chain(closed):
    """A whole month written anew, hashes and all, is betrayed by the entry after it."""
    manifest = ledger_folder(closed) / "manifest.json"
    first, second = read_closes(closed)
    forged = replace(first, closed_by="Somebody else").sealed()
    entries = [asdict(entry) for entry in (forged, second)]
    manifest.write_text(json.dumps({"format": 1, "closes": entries}))
    found = problems(closed)
    assert "manifest.json: the entry of 2025-11 does not follow that of 2025-10." in found


def test_a_removed_manifest_is_noticed(closed):
    (ledger_folder(closed) / "manifest.json").unlink()
    found = problems(closed)
    assert "manifest.json is missing or empty, and there are closed months." in found


def test_a_manifest_cut_short_is_completed_from_the_months(closed):
    """So that a month that was closed can never be closed a second time."""
    manifest = ledger_folder(closed) / "manifest.json"
    whole = manifest.read_bytes()
    content = json.loads(whole)
    content["closes"].pop()
    manifest.write_text(json.dumps(content))
    assert problems(closed) == ["2025-11 is not in manifest.json."]
    with pytest.raises(CloseError, match="2025-11 was closed"):
        close_month(closed, NOVEMBER)
    assert manifest.read_bytes() == whole


def test_a_crash_before_the_manifest_loses_nothing(closed, monkeypatch):
    def crash(*_):
        raise OSError("no space left on device")

    with monkeypatch.context() as patch, pytest.raises(OSError, match="no space"):
        patch.setattr(ledger_module, "write_manifest", crash)
        close_month(closed, DECEMBER, closed_by="Kim")
    assert [close.month for close in read_closes(closed)] == ["2025-10", "2025-11"]
    assert load_ledger(closed) == 3
    assert [close.month for close in read_closes(closed)] == ["2025-10", "2025-11", "2025-12"]
    assert problems(closed) == []


KILLED = """
import os, pathlib, signal, sys
from orchestration.close import close_month
from orchestration.home import Home
from orchestration.ledger import Month
left = int(sys.argv[1])
replace = pathlib.Path.replace
def counted(*arguments):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return replace(*arguments)
pathlib.Path.replace = counted
close_month(Home(pathlib.Path(sys.argv[2])), Month.parse("2025-12"), closed_by="Kim")
"""


@pytest.mark.parametrize("step", range(5))
def test_after_a_kill_in_a_close_the_month_is_closed_or_not_and_verify_is_content(
    closed, project_root, step
):
    command = [sys.executable, "-c", KILLED, str(step), str(closed.path)]
    assert subprocess.run(command, cwd=project_root, check=False).returncode == -signal.SIGKILL
    verified = csw_close(closed, "verify")
    assert verified.exit_code == 0, verified.stdout
    if step < 3:
        assert len(read_closes(closed)) == 2
        close_month(closed, DECEMBER, closed_by="Kim")
    assert [close.month for close in read_closes(closed)] == ["2025-10", "2025-11", "2025-12"]
    assert load_ledger(closed) == 3
    assert problems(closed) == []


def write_entries(home, entries):
    """Write a ledger's manifest and the entries of its months, as somebody by hand would."""
    folder = ledger_folder(home)
    content = [asdict(entry) for entry in entries]
    (folder / "manifest.json").write_text(json.dumps({"format": 1, "closes": content}))
    for entry in entries:
        (folder / entry.month / "close.json").write_text(json.dumps(asdict(entry)))


def forget_the_warehouse(home):
    home.warehouse.unlink()


def forget_the_publication(home):
    shutil.rmtree(home.published)


@pytest.mark.parametrize("forget", [None, forget_the_warehouse, forget_the_publication])
def test_totals_that_were_sealed_anew_are_noticed(closed, forget):
    first, last = read_closes(closed)
    totals = {**last.totals, "closing_arr": "999999.00"}
    write_entries(closed, [first, replace(last, totals=totals).sealed()])
    if forget:
        forget(closed)
    assert any(
        problem.startswith("2025-11 was closed another time") for problem in problems(closed)
    )
    assert csw_close(closed, "verify").exit_code == 1
    with pytest.raises(LedgerError, match="2025-11 was closed another time"):
        load_ledger(closed)


def plant_december(home):
    """A month that follows, whole and sealed, which nobody closed."""
    folder = ledger_folder(home)
    last = read_closes(home)[-1]
    shutil.copytree(folder / "2025-11", folder / "2025-12")
    planted = replace(last, month="2025-12", previous_hash=last.hash).sealed()
    (folder / "2025-12" / "close.json").write_text(json.dumps(asdict(planted)))
    return planted


def test_a_planted_month_is_not_entered(closed):
    plant_december(closed)
    with pytest.raises(LedgerError, match=r"2025-12 is not in manifest.json"):
        load_ledger(closed)
    assert csw_close(closed, "verify").exit_code == 1
    assert len(read_closes(closed)) == 2


@pytest.mark.parametrize("forget", [None, forget_the_warehouse, forget_the_publication])
def test_a_planted_month_that_the_manifest_names_is_not_taken(closed, forget):
    write_entries(closed, [*read_closes(closed), plant_december(closed)])
    if forget:
        forget(closed)
    assert any("2025-12 was not closed by this home" in problem for problem in problems(closed))
    with pytest.raises(LedgerError, match="csw close adopt"):
        load_ledger(closed)


def test_a_first_month_that_is_planted_is_not_taken(closed, tmp_path):
    empty = Home(tmp_path / "empty")
    empty.create()
    load_ledger(empty)
    shutil.copytree(ledger_folder(closed), ledger_folder(empty))
    with pytest.raises(LedgerError, match="2025-10 was not closed by this home"):
        load_ledger(empty)


def test_an_older_home_takes_its_ledger_in_by_the_noted_hash(closed):
    """Warehouse and published files were put back from a backup of before the last close."""
    before = closed.path.with_name("before")
    shutil.copytree(closed.path, before, symlinks=True)
    noted = close_month(closed, DECEMBER, closed_by="Kim").hash
    older = Home(before)
    shutil.rmtree(ledger_folder(older))
    shutil.copytree(ledger_folder(closed), ledger_folder(older))
    assert csw_close(older, "verify").exit_code == 1
    assert csw_close(older, "adopt", "f" * 64).exit_code == 1
    assert csw_close(older, "verify").exit_code == 1
    done = csw_close(older, "adopt", noted[:12])
    assert done.exit_code == 0, done.stdout
    assert csw_close(older, "verify").exit_code == 0
    assert load_ledger(older) == 3


def test_a_noted_hash_vouches_for_no_damage(closed):
    last = read_closes(closed)[-1]
    file = ledger_folder(closed) / "2025-10" / "retention.parquet"
    file.write_bytes(file.read_bytes() + b" ")
    refused = csw_close(closed, "adopt", last.hash)
    assert refused.exit_code == 1
    assert "2025-10/retention.parquet was changed" in refused.stdout


def test_a_warehouse_of_before_remembers_without_the_hash(closed):
    with duckdb.connect(closed.warehouse) as connection:
        connection.execute("alter table ledger.closes drop column entry_hash")
    shutil.rmtree(closed.published)
    assert problems(closed) == []
    first, last = read_closes(closed)
    write_entries(closed, [first, replace(last, closed_by="Somebody else").sealed()])
    assert any(
        problem.startswith("2025-11 was closed another time") for problem in problems(closed)
    )


ODD = [
    b"",
    b"\xff\xfe",
    b"[]",
    b"null",
    b"{",
    b"[" * 100_000,
    b'{"format": 2, "closes": []}',
    b'{"format": 1, "closes": {}}',
    b'{"format": 1, "closes": [null]}',
    b'{"format": 1, "closes": [{}]}',
]


@pytest.mark.parametrize("content", ODD)
def test_odd_bytes_in_the_manifest_are_a_finding(closed, content):
    (ledger_folder(closed) / "manifest.json").write_bytes(content)
    for command in ("verify", "list"):
        refused = csw_close(closed, command)
        assert refused.exit_code == 1
        assert "manifest.json cannot be read" in refused.stdout
    for use in (load_ledger, next_month):
        with pytest.raises(LedgerError, match=r"manifest.json cannot be read"):
            use(closed)


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("month", "../2025-10"),
        ("month", "0000-01"),
        ("month", 202510),
        ("as_of_date", "yesterday"),
        ("closed_at", None),
        ("policy", []),
        ("totals", {"closing_arr": "1.00"}),
        ("totals", {"closing_arr": 1}),
        ("files", {}),
        ("files", {"../../account_month.parquet": {"rows": 1, "sha256": "0" * 64}}),
        ("files", {"account_month.parquet": {"rows": "1", "sha256": "0" * 64}}),
        ("files", {"account_month.parquet": None}),
        ("previous_hash", "none"),
        ("closed_by", "\ud800"),
        ("format", 2),
        ("more", "than there is"),
    ],
)
def test_a_malformed_entry_is_a_finding(closed, field, said):
    manifest = ledger_folder(closed) / "manifest.json"
    content = json.loads(manifest.read_text())
    content["closes"][0][field] = said
    manifest.write_text(json.dumps(content))
    (found,) = problems(closed)
    assert "manifest.json cannot be read" in found
    assert csw_close(closed, "verify").exit_code == 1


@pytest.mark.parametrize("content", ODD)
def test_odd_bytes_in_a_month_are_a_finding(closed, content):
    (ledger_folder(closed) / "2025-10" / "close.json").write_bytes(content)
    assert "2025-10/close.json does not say what manifest.json says." in problems(closed)
    assert csw_close(closed, "verify").exit_code == 1


def test_what_is_no_file_and_no_text_in_the_ledger_is_a_finding(closed):
    folder = ledger_folder(closed)
    (folder / "2025-10" / "arr_line.parquet").unlink()
    (folder / "2025-10" / "arr_line.parquet").mkdir()
    (folder / os.fsdecode(b"\xff")).write_bytes(b"")
    verified = csw_close(closed, "verify")
    assert verified.exit_code == 1
    assert "2025-10/arr_line.parquet is missing" in verified.stdout
    assert "is not in manifest.json" in verified.stdout
    shutil.rmtree(folder)
    folder.write_bytes(b"")
    assert "ledger is no folder." in problems(closed)


def test_a_crash_before_the_month_leaves_nothing(closed, monkeypatch):
    def crash(*_):
        raise OSError("no space left on device")

    with monkeypatch.context() as patch, pytest.raises(OSError, match="no space"):
        patch.setattr(ledger_module, "write_json", crash)
        close_month(closed, DECEMBER)
    assert problems(closed) == []
    assert close_month(closed, DECEMBER).month == "2025-12"


def test_a_begun_close_is_remembered_where_a_version_before_published(closed):
    file = closed.published / "manifest.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"closes": None, "closing": {}}))
    note_closes(closed.published, closing={"2025-12": "a hash"})
    assert remember(closed).begun == {"2025-12": "a hash"}


def test_the_ledger_survives_the_loss_of_the_warehouse(closed):
    closed.warehouse.unlink()
    shutil.rmtree(closed.published)
    assert load_ledger(closed, "1.0") == 2
    with duckdb.connect(closed.warehouse, read_only=True) as connection:
        closes = connection.execute(
            "select close_month::varchar, closed_by from ledger.closes order by 1"
        ).fetchall()
        arr = connection.execute(
            "select sum(closing_arr) from ledger.account_month where close_month = '2025-11-01'"
        ).fetchone()
        definition = connection.execute("from ledger.definition").fetchall()
    assert closes == [("2025-10-01", "Kim"), ("2025-11-01", "Kim")]
    assert int(arr[0]) == 170
    assert definition == [("1.0",)]


def lose_all(folder):
    shutil.rmtree(folder)


def lose_the_last_entry(folder):
    manifest = folder / "manifest.json"
    content = json.loads(manifest.read_text())
    content["closes"].pop()
    manifest.write_text(json.dumps(content))
    shutil.rmtree(folder / "2025-11")


@pytest.mark.parametrize(
    ("lose", "months"), [(lose_all, ["2025-10", "2025-11"]), (lose_the_last_entry, ["2025-11"])]
)
def test_a_ledger_that_was_removed_or_shortened_is_noticed(closed, lose, months):
    lose(ledger_folder(closed))
    verified = csw_close(closed, "verify")
    assert verified.exit_code == 1
    for month in months:
        missing = f"{month} is missing: .* Put back the folder ledger/ from a backup"
        assert re.search(missing, verified.stdout)
        with pytest.raises(LedgerError, match=missing):
            close_month(closed, Month.parse(month), closed_by="Kim")
        with pytest.raises(LedgerError, match=missing):
            load_ledger(closed)


def test_a_ledger_that_was_written_anew_is_noticed(closed):
    """Its chain is whole, and another name stands under the same figures."""
    warehouse = closed.warehouse.read_bytes()
    shutil.rmtree(ledger_folder(closed))
    publish_figures(closed, "2025-12-31", ARR, run_id="20260102T000000Z_test")
    close_month(closed, Month.parse("2025-10"), closed_by="Somebody else")
    closed.warehouse.write_bytes(warehouse)
    found = problems(closed)
    assert any(problem.startswith("2025-10 was closed another time") for problem in found)
    assert any(problem.startswith("2025-11 is missing") for problem in found)


@pytest.mark.parametrize("error", [BusyError, duckdb.IOException, LedgerError])
def test_a_close_stands_while_somebody_has_the_warehouse_open(closed, monkeypatch, error):
    def in_use(*_, **__):
        raise error("Conflicting lock is held")

    monkeypatch.setattr(close_module, "load_ledger", in_use)
    assert close_month(closed, DECEMBER, closed_by="Kim").month == "2025-12"
    assert problems(closed) == []


def test_a_warehouse_that_cannot_be_read_is_no_agreement(closed):
    closed.warehouse.write_bytes(b"no database" * 1000)
    verified = csw_close(closed, "verify")
    assert verified.exit_code == 1
    assert "cannot be compared" in verified.stdout


def test_the_noted_hash_must_be_the_last(closed):
    first, last = (close.hash for close in read_closes(closed))
    assert f"last hash {last}." in csw_close(closed, "verify").stdout
    assert csw_close(closed, "verify", "--last", last).exit_code == 0
    assert csw_close(closed, "verify", "--last", last[:12].upper()).exit_code == 0
    for noted, said in [
        (last[:11], "at least 12 characters"),
        (first, "that of 2025-10; later months were closed since"),
        ("f" * 64, "is in no entry"),
    ]:
        refused = csw_close(closed, "verify", "--last", noted)
        assert refused.exit_code == 1
        assert said in refused.stdout


def test_a_noted_hash_of_an_empty_ledger_is_refused(home):
    home.create()
    refused = csw_close(home, "verify", "--last", "f" * 64)
    assert refused.exit_code == 1
    assert "no month is closed" in refused.stdout


def test_an_empty_ledger_loads_as_empty(home):
    home.create()
    assert load_ledger(home) == 0
    with duckdb.connect(home.warehouse, read_only=True) as connection:
        assert connection.execute("select count(*) from ledger.closes").fetchone() == (0,)


@pytest.mark.parametrize("text", ["2025-13", "2025-1", "November", "2025-11-01"])
def test_a_month_that_is_none_is_refused(text):
    with pytest.raises(LedgerError, match="write it as 2025-11"):
        Month.parse(text)


def csw_close(home, *arguments):
    return CliRunner().invoke(app, [*arguments], env={"CSW_HOME": str(home.path)})


def test_commands(closed):
    listed = csw_close(closed, "list").stdout
    assert "2025-10" in listed and "2025-11" in listed
    done = csw_close(closed, "2025-12", "--by", "Kim Park")
    assert done.exit_code == 0, done.stdout
    assert "2025-12 is closed, as of 2025-12-31, by Kim Park." in done.stdout
    assert "Closing ARR 200.00 of 3 customers" in done.stdout
    again = csw_close(closed, "2025-12")
    assert again.exit_code == 1
    assert "was closed on" in again.stdout
    verified = csw_close(closed, "verify")
    assert verified.exit_code == 0
    assert "as it was written: 3 months, 2025-10 to 2025-12" in verified.stdout
    (ledger_folder(closed) / "2025-11" / "retention.parquet").unlink()
    broken = csw_close(closed, "verify")
    assert broken.exit_code == 1
    assert "2025-11/retention.parquet is missing." in broken.stdout


@pytest.mark.parametrize("name", ["", "  "])
def test_nobody_signs_with_an_empty_name(closed, name):
    refused = csw_close(closed, "2025-12", "--by", name)
    assert refused.exit_code == 1
    assert "who signs is empty" in refused.stdout
    assert len(read_closes(closed)) == 2


@pytest.mark.parametrize(("variable", "signer"), [("Lee", "Lee"), ("", "somebody")])
def test_who_signs_without_a_name_is_said(closed, monkeypatch, variable, signer):
    monkeypatch.setenv("CSW_CLOSED_BY", variable)
    monkeypatch.setattr(close_module.getpass, "getuser", lambda: "somebody")
    done = csw_close(closed, "2025-12")
    assert done.exit_code == 0, done.stdout
    assert f"Signed by {signer}: without --by" in done.stdout
    assert read_closes(closed)[-1].closed_by == signer


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["2025-13"], "write the month as 2025-11"),
        (["2025/11"], "write the month as 2025-11"),
        (["november"], "write the month as 2025-11"),
        (["--by", "KP", "2025-12"], "Name the month first"),
        (["--by=KP", "2025-12"], "Name the month first"),
        (["--home", "data", "2025-12"], "Name the month first"),
    ],
)
def test_a_mistyped_month_is_explained(closed, arguments, said):
    refused = csw_close(closed, *arguments)
    assert refused.exit_code == 2
    assert said in " ".join(refused.output.replace("│", " ").split())
    assert len(read_closes(closed)) == 2


def test_the_command_month_can_be_written_out(closed):
    assert csw_close(closed, "month", "2025-12", "--by", "Kim").exit_code == 0
    assert csw_close(closed, "--help").exit_code == 0


def test_the_list_cuts_nothing_at_80_columns(home, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    publish_figures(home, "2025-11-30", {"2025-11": {"a": 1_234_567_890}})
    name = "Kim [FP] Park of Example"
    close = close_month(home, NOVEMBER, closed_by=name)
    adjusted = {"2025-11": {"a": 1}, "2025-12": {"a": 1}}
    publish_figures(home, "2025-12-31", adjusted, run_id="20260102T000000Z_test")
    close_month(home, DECEMBER, closed_by=name)
    listed = csw_close(home, "list").stdout
    assert "…" not in listed
    assert max(len(line) for line in listed.splitlines()) <= 80
    for whole in ("2025-11", "1234567890.00", "-1234567889.00", "2025-11-30", close.closed_at[:10]):
        assert whole in listed
    assert "[FP]" in listed


def test_dagster_job_closes_the_month_of_its_partition(closed):
    job = build_close_job(closed)
    assert job.name == JOB_NAME
    config = {"ops": {"close_month": {"config": {"closed_by": "Kim"}}}}
    done = job.execute_in_process(partition_key="2025-12-01", run_config=config)
    assert done.success
    assert read_closes(closed)[-1].closed_by == "Kim"
    again = job.execute_in_process(partition_key="2025-12-01", raise_on_error=False)
    assert not again.success
    assert len(read_closes(closed)) == 3
