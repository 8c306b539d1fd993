"""The chaos notices what it is there for: mixed reads, lost rows, processes that go on."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from chaos import __main__ as command_line
from chaos import faults, running
from chaos.clock import clock_off_by
from chaos.companies import FIRST_DAY, SmallCompany, accounts_on
from chaos.comparing import differing, rows_lost
from chaos.faults import FAULTS
from chaos.kills import KINDS, Kills
from chaos.place import Place
from chaos.reading import Reader
from chaos.running import Command, Ended, kill
from chaos.sleeping import differences
from chaos.tally import Tally
from orchestration.publish import Relation, publish

OPERATIONS = Path(__file__).parents[3] / "docs" / "operations.md"


def publish_day(home: Path, day: int, accounts: int | None = None, run_id: str = "r1") -> None:
    """A home of the small company as it is on a day, or with other accounts than it has then."""
    rows = accounts_on(day) if accounts is None else accounts
    home.mkdir(exist_ok=True)
    with duckdb.connect(str(home / "warehouse.duckdb")) as connection:
        connection.execute("create schema if not exists facts")
        connection.execute("create schema if not exists raw_files")
        connection.execute(
            "create or replace table facts.fct_account_month as"
            f" select i as account_id, {1000 + day} as closing_arr from range({rows}) as r (i)"
        )
        connection.execute(
            "create or replace table raw_files.accounts as select account_id, now() as _loaded"
            " from facts.fct_account_month"
        )
    relations = [Relation("facts", "fct_account_month", ("account_id",))]
    publish(
        home / "warehouse.duckdb", home / "published", relations, run_id=run_id,
        as_of="2025-12-31", company="Small", versions={}, policy={},
    )  # fmt: skip


def reader_of(home: Path) -> Reader:
    return Reader(home / "published", SmallCompany(home).mixture)


def test_a_sound_publication_is_read_without_a_word(tmp_path):
    reader = reader_of(tmp_path)
    reader.look()
    for day in range(3):
        publish_day(tmp_path, day, run_id=f"r{day}")
        reader.look()
    assert (reader.reads, reader.mixed) == (3, [])


def test_figures_of_two_days_are_noticed(tmp_path):
    publish_day(tmp_path, 3, accounts=accounts_on(2))
    reader = reader_of(tmp_path)
    reader.look()
    assert "figures of two days" in reader.mixed[0]


def test_files_that_are_not_as_the_manifest_says_are_noticed(tmp_path):
    publish_day(tmp_path, 1)
    manifest = tmp_path / "published" / "manifest.json"
    content = json.loads(manifest.read_text())
    content["marts"]["fct_account_month"]["rows"] += 1
    content["marts"]["fct_account_month"]["sha256"] = "0"
    manifest.write_text(json.dumps(content))
    reader = reader_of(tmp_path)
    reader.look()
    assert len(reader.mixed) == 2


@pytest.mark.parametrize("damage", ["manifest.json", "customer_success.duckdb"])
def test_what_cannot_be_read_is_noticed(tmp_path, damage):
    publish_day(tmp_path, 1)
    reader = reader_of(tmp_path)
    reader.look()
    (tmp_path / "published" / damage).unlink()
    (tmp_path / "published" / damage).write_text("{")
    reader.look()
    assert "cannot be read" in reader.mixed[0]


def test_rows_that_are_gone_are_counted_published_and_raw(tmp_path):
    publish_day(tmp_path / "control", 1)
    publish_day(tmp_path / "same", 1)
    publish_day(tmp_path / "less", 1, accounts=accounts_on(1) - 2)
    assert differing(tmp_path / "control", tmp_path / "same", ()) == []
    assert rows_lost(tmp_path / "control", tmp_path / "same", ()) == 0
    assert differing(tmp_path / "control", tmp_path / "less", ()) == ["fct_account_month"]
    assert rows_lost(tmp_path / "control", tmp_path / "less", ()) == 2 + 2


def test_a_traceback_and_a_note_are_no_survival():
    tally = Tally("a fault", tried=1, survived=1)
    assert tally.is_sound
    assert not tally.said(Ended(70, "The program met an error"))
    assert (tally.tracebacks, tally.is_sound) == (1, False)
    shown = "Traceback (most recent call last):\n  File {}\n{}"
    assert Ended(1, shown.format("dbt/cli/main.py", "OSError")).has_traceback
    assert Ended(1, shown.format("/x/orchestration/cli.py", "KeyboardInterrupt")).has_traceback
    assert not Ended(1, shown.format("encodings", "KeyboardInterrupt")).has_traceback
    assert not Ended(1, "The disk is full.").has_traceback


def test_a_refresh_that_does_not_recover_is_a_manual_step_and_ends_the_kills(tmp_path, monkeypatch):
    said = []
    kills = Kills(SmallCompany(tmp_path), tmp_path, random.Random(1), said.append)
    monkeypatch.setattr(kills, "_refresh", lambda *_: Ended(1, "it is damaged"))
    (name, *_) = KINDS
    with pytest.raises(RuntimeError, match="needs a person"):
        kills._recover(1, [name], reader_of(tmp_path))
    assert kills.tallies[name].manual == 1
    assert "it is damaged" in said[0]


IGNORING = """
import signal, sys, time
if {code}:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit({code}))
else:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("Load files …", flush=True)
time.sleep(1)
print("Build …", "Build: done (0.1 s)", "Publish …", sep=chr(10), flush=True)
"""


@pytest.mark.parametrize(("code", "is_sound"), [(0, False), (1, True)])
def test_a_refresh_that_does_not_stop_when_it_is_told_to_is_noticed(tmp_path, code, is_sound):
    """What ignores SIGTERM would be counted as a kill that was survived."""
    kills = Kills(SmallCompany(tmp_path), tmp_path, random.Random(1), lambda _: None)
    name = "SIGTERM to csw, as systemd stops it"
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(running, "PROGRAM", ("-c", IGNORING.format(code=code)))
        command = Command()
    assert command.wait_for("Load files")
    begun = command.begun
    kill(command.process.pid, signal.SIGTERM)
    kills._judge(command, name, "Load files", begun)
    assert (kills.tallies[name].notes == []) is is_sound


def test_who_stops_the_kills_is_told_what_was_tried_until_then(tmp_path, monkeypatch):
    said = []
    kills = Kills(SmallCompany(tmp_path), tmp_path, random.Random(1), said.append)
    publish_day(kills.control, 1)
    publish_day(kills.home, 1)
    (name, *_) = KINDS
    monkeypatch.setattr(kills, "_deliver_and_control", lambda _: None)
    monkeypatch.setattr(kills, "_refresh", lambda *_: Ended(0, ""))

    def kill_once(day: int) -> str:
        kills.tallies[name].tried += 1
        kills.steps["Load files"] = kills.steps.get("Load files", 0) + 1
        if day == 2:
            raise KeyboardInterrupt
        return name

    monkeypatch.setattr(kills, "_kill", kill_once)
    kills.run(100)
    tally = kills.tallies[name]
    assert tally.is_sound
    assert 1 <= tally.tried <= 10
    assert said[-1] == f"stopped after {tally.tried} of 100 kills"


def test_what_a_kill_leaves_in_published_is_noticed(tmp_path, monkeypatch):
    kills = Kills(SmallCompany(tmp_path), tmp_path, random.Random(1), lambda _: None)
    publish_day(kills.control, 1)
    publish_day(kills.home, 1)
    monkeypatch.setattr(kills, "_refresh", lambda *_: Ended(0, ""))
    (name, *_) = KINDS
    kills._recover(1, [name], reader_of(kills.home))
    assert kills.tallies[name].is_sound is False  # survived, but never tried
    (kills.home / "published" / ".r2_customer_success.duckdb.tmp").touch()
    kills._recover(1, [name], reader_of(kills.home))
    assert "left in published: .r2_customer_success.duckdb.tmp" in kills.tallies[name].notes[0]


def test_rows_of_a_home_that_slept_are_compared_but_for_when_they_were_loaded(tmp_path):
    publish_day(tmp_path / "daily", 1)
    publish_day(tmp_path / "same", 1)
    publish_day(tmp_path / "less", 1, accounts=accounts_on(1) - 2)
    publish_day(tmp_path / "dearer", 2, accounts=accounts_on(1))
    assert differences(tmp_path / "daily", tmp_path / "same", {}) == []
    (less,) = differences(tmp_path / "daily", tmp_path / "less", {})
    assert (less.table, less.only_daily, less.only_slept) == ("fct_account_month", 2, 0)
    (dearer,) = differences(tmp_path / "daily", tmp_path / "dearer", {})
    assert (dearer.only_daily, dearer.only_slept) == (accounts_on(1), accounts_on(1))
    assert dearer.columns == ["closing_arr"]
    assert "1001" in str(dearer)
    said = {"fct_account_month": ("closing_arr",)}
    assert differences(tmp_path / "daily", tmp_path / "dearer", said) == []
    assert differences(tmp_path / "daily", tmp_path / "less", {"fct_account_month": "*"}) == []


@pytest.mark.parametrize("lost", [0, 1])
def test_what_a_home_loses_while_it_sleeps_is_noticed(tmp_path, monkeypatch, lost):
    """The last refresh is that of the home that slept."""
    days = []

    def refresh(*_: object, CSW_HOME: str, CHAOS_CLOCK: str, **__: str) -> Ended:  # noqa: N803
        home = Path(CSW_HOME)
        days.append((home.name, datetime.now(UTC) + timedelta(seconds=int(CHAOS_CLOCK))))
        is_slept = home.name == "slept"
        day = 4 if is_slept else len(days) - 1
        publish_day(home, day, accounts=accounts_on(day) - lost * is_slept, run_id=f"r{len(days)}")
        return Ended(0, "")

    monkeypatch.setattr(faults, "csw", refresh)
    monkeypatch.setattr(
        faults, "clock_off_by", lambda _, off: {"CHAOS_CLOCK": str(int(off.total_seconds()))}
    )
    place = Place(SmallCompany(tmp_path / "files"), tmp_path, random.Random(1), 4)
    tally = faults.skipped_days(place)
    assert tally.is_sound is not bool(lost)
    assert [home for home, _ in days] == ["daily"] * 5 + ["slept"]
    mornings = [at.date() for _, at in days]
    assert mornings[:5] == [FIRST_DAY + timedelta(days=day + 1) for day in range(5)]
    assert mornings[5] == mornings[4]


@pytest.mark.nightly
def test_a_small_company_that_slept_four_days_has_what_one_refreshed_daily_has(capsys):
    arguments = ["--kills", "0", "--fault", "skipped-days", "--days", "4"]
    assert command_line.main(arguments) == 0, capsys.readouterr().out


def test_a_clock_can_be_wrong_for_one_command(tmp_path):
    settings = clock_off_by(tmp_path, timedelta(days=-2))
    if settings is None:
        pytest.skip("needs Linux and a C compiler")
    code = "import time, datetime; print(time.time(), datetime.datetime.now().timestamp())"
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, env={**os.environ, **settings}, capture_output=True, text=True, check=True
    )
    for told in map(float, done.stdout.split()):
        assert told == pytest.approx(time.time() - 2 * 86400, abs=60)


def test_a_fault_that_breaks_the_chaos_hides_no_other(tmp_path, monkeypatch, capsys):
    def broken(_: object) -> Tally:
        raise RuntimeError("no home")

    sound = {"second": lambda _: Tally("second", tried=1, survived=1)}
    monkeypatch.setattr(command_line, "FAULTS", {"first": broken, **sound})
    assert command_line.main(["--kills", "0"]) == 1
    said = capsys.readouterr().out
    assert "no home" in said
    assert "second" in said


def test_every_fault_that_was_tried_is_documented():
    text = OPERATIONS.read_text(encoding="utf-8")
    assert "make chaos" in text
    for kind in KINDS:
        assert kind in text
    assert len(FAULTS) == len(set(FAULTS))
