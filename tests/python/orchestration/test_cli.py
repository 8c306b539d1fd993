import os
import signal
import subprocess
import sys
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.home import Home, HomeConfig
from orchestration.start import main

runner = CliRunner(env={"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"})


def test_help_teaches():
    result = runner.invoke(app, ["--help"])
    assert result.exit_code == 0
    for command in ("refresh", "status", "messages", "demo", "dbt", "dagster", "info"):
        assert command in result.output
    assert "CSW_HOME" in result.output


def test_refresh_help_shows_examples_and_options():
    result = runner.invoke(app, ["refresh", "--help"])
    for said in ("Examples", "--source", "--as-of", "--mapping", "--scale", "--full-refresh"):
        assert said in result.output


def test_bad_day_is_explained():
    result = runner.invoke(app, ["refresh", "--as-of", "31.12.2025"])
    assert result.exit_code == 2
    assert "2025-12-31" in result.output


def test_source_that_is_not_there_is_explained(home):
    result = runner.invoke(app, ["refresh", "--source", str(home.path / "nothing")])
    assert result.exit_code == 1
    assert "folder of files" in result.output


def test_verbose_may_be_set_to_nothing(monkeypatch):
    monkeypatch.setenv("VERBOSE", "")
    assert runner.invoke(app, ["refresh", "--source", "nothing"]).exit_code == 1


@pytest.mark.parametrize("command", ["status", "messages"])
def test_status_of_a_new_home_says_what_to_run(command):
    result = runner.invoke(app, [command])
    assert result.exit_code == 1
    assert "csw refresh" in result.output


def test_info_says_where_everything_is(home):
    home.write(HomeConfig(company="Acme"))
    result = runner.invoke(app, ["info"])
    assert "Acme" in result.output
    assert str(home.warehouse) in result.output


def test_demo_is_not_generated_into_a_real_company(tmp_path):
    home = Home(tmp_path / "acme")
    home.write(HomeConfig(company="Acme", source="files", folder=str(tmp_path)))
    result = runner.invoke(app, ["demo", "--home", str(home.path)])
    assert result.exit_code == 1
    assert "CSW_HOME" in result.output


def test_ctrl_c_shows_no_traceback_even_while_the_program_loads(monkeypatch):
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setitem(sys.modules, "orchestration.cli", SimpleNamespace(app=interrupted))
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 130


STOPPED = """
import signal, sys, types

def run():
    from dagster._utils.interrupts import capture_interrupts
    with capture_interrupts():
        pass
    for number in (signal.SIGINT, signal.SIGTERM):
        print(signal.getsignal(number) is signal.SIG_IGN)

sys.modules["orchestration.cli"] = types.SimpleNamespace(app=run)
from orchestration.start import main
main()
"""


def test_a_command_in_the_background_of_a_script_can_be_stopped(project_root):
    """A shell lets it ignore SIGINT, and Dagster copies that to SIGTERM."""
    done = subprocess.run(
        ["sh", "-c", 'trap "" INT; exec "$@"', "sh", sys.executable, "-c", STOPPED],
        cwd=project_root,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["False", "False"]


def test_dagster_takes_the_place_of_csw_so_that_who_stops_one_stops_the_other(home, monkeypatch):
    began = []

    def instead(executable: str, command: list[str], environment: dict[str, str]) -> None:
        began.append((command, environment))
        raise SystemExit(0)

    monkeypatch.setattr(os, "execve", instead)
    monkeypatch.setattr(signal, "signal", lambda *given: began.append(given))
    done = runner.invoke(app, ["dagster", "--port", "3001", "--host", "0.0.0.0"])
    handled, (command, environment) = began
    assert handled == (signal.SIGINT, signal.SIG_DFL)
    assert done.exit_code == 0
    assert command[-4:] == ["--host", "0.0.0.0", "--port", "3001"]
    assert environment["DAGSTER_HOME"] == str(home.dagster)
