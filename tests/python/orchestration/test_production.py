"""docs/production.md: its commands run, its units and files are right, its tables are whole."""

import os
import re
import shlex
import shutil
import subprocess
import sys

import pytest
import yaml
from tiny_company import TINY_PROJECT, write_files
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.home import Home
from orchestration.project import project_root
from orchestration.publish import read_publication
from orchestration.schedules import build_job, build_schedule

ROOT = project_root()
PAGE = (ROOT / "docs" / "production.md").read_text(encoding="utf-8")
DEPLOY = ROOT / "deploy"
COMMANDS = [
    line
    for block in re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
]
# What a test cannot run, by how it begins.
NOT_HERE = {
    "useradd": "root",
    "git": "network",
    "make -C /opt/csw setup": "the environment the tests run in; .ci/run makes it",
    "cp /opt/csw/deploy": "systemd",
    "systemctl": "systemd",
    "journalctl": "systemd",
    "docker": "docker",
    "install -d -o 10001": "root",
    "chgrp bi": "a group of the machine",
}
# The way to what is published, and nothing else: useradd may make a home that only its user enters.
OPENED = ("chmod o+x /var/lib/csw", "chmod g+s /var/lib/csw/published")
UNITS = sorted(DEPLOY.glob("csw-*"))
# Set by the program for its own processes, or for the command of an alert.
OURS = ("CSW_", "DBT_", "DAGSTER_")
INNER = {"CSW_STARTED_BY", "CSW_ALERT_RUN_ID"}


def test_every_command_of_the_page_is_run_or_says_why_not():
    ran = [*INSTALL, *BACKUP, *UPGRADE, *OPENED]
    left = [line for line in COMMANDS if line not in ran and not line.startswith((*NOT_HERE,))]
    assert left == []
    assert [line for line in ran if line not in COMMANDS] == []


def commands_of(title: str) -> list[str]:
    """The commands under a heading, but for those that cannot be run here."""
    part = PAGE.partition(f"## {title}\n")[2].partition("\n## ")[0]
    return [line for line in COMMANDS if line in part and not line.startswith((*NOT_HERE,))]


INSTALL = commands_of("Install")
BACKUP = commands_of("Backup and restore")
UPGRADE = commands_of("Upgrade")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Run commands of the page, with folders of the test in the place of those of the machine."""
    root = tmp_path_factory.mktemp("machine")
    (root / "bin").mkdir()
    csw = root / "bin" / "csw"
    csw.write_text(
        f'#!/bin/sh\ncd "{ROOT}" && exec "{sys.executable}" -m orchestration.start "$@"\n'
    )
    csw.chmod(0o755)
    for folder in ("var/lib/csw", "srv/backup", "srv/exports"):
        (root / folder).mkdir(parents=True)

    settings = {
        "PATH": f"{root / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "CSW_HOME": str(root / "var/lib/csw"),
        "CSW_PROJECT": str(TINY_PROJECT),
        "COLUMNS": "200",
    }
    kept = {name: text for name, text in os.environ.items() if not name.startswith(OURS)}

    def run_lines(lines: list[str]) -> list[subprocess.CompletedProcess[str]]:
        here = [re.sub(r"(?<![\w/])/(var|srv|opt)/", rf"{root}/\1/", line) for line in lines]
        told = {"cwd": root, "env": {**kept, **settings}, "capture_output": True, "text": True}
        return [subprocess.run(["sh", "-c", line], check=False, **told) for line in here]

    run_lines.root = root
    return run_lines


@pytest.fixture(scope="module")
def company(run):
    """The home of the page, refreshed: files, as the tiny project of the tests reads them."""
    write_files(run.root / "srv" / "exports", {"a1": 1200, "a2": 800})
    home = Home(run.root / "var" / "lib" / "csw")
    home.company_file.write_text(
        f"version: 1\ncompany: Acme\nreporting_currency: EUR\nas_of: 2025-12-30\n"
        f"domains: {{crm: files, billing: files}}\n"
        f"systems: {{files: {{road: files, folder: {run.root}/srv/exports}}}}\n"
    )
    return home


def test_init_writes_a_company_as_the_page_says(home, tmp_path):
    (line,) = [line for line in INSTALL if line.startswith("csw init")]
    arguments = shlex.split(line.replace("/srv/exports", str(tmp_path)))[1:]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert home.read().company == "Acme"


@pytest.mark.nightly
def test_install_upgrade_backup_and_restore_give_the_same_marts(run, company):
    lines = [line for line in [*INSTALL, *UPGRADE] if not line.startswith("csw init")]
    for done in run(list(dict.fromkeys([*lines, *OPENED]))):
        assert done.returncode == 0, done.stdout + done.stderr
    assert company.published.stat().st_mode & 0o2000
    before = read_publication(company.published)
    for done in run(BACKUP):
        assert done.returncode == 0, done.stdout + done.stderr
    restored = Home(run.root / "var/lib/csw-restored")
    after = read_publication(restored.published)
    assert before is not None
    assert after is not None
    assert after.run_id > before.run_id
    assert after.marts == before.marts
    # The restored home stands alone: nothing in it leads to the one it came from.
    assert (restored.published / "customer_success.duckdb").resolve().is_relative_to(restored.path)


def test_the_lock_of_a_backup_keeps_writers_out(home):
    home.create()
    home.lock_file.touch()
    if shutil.which("flock") is None:
        pytest.skip("flock is not installed")
    with subprocess.Popen(
        ["flock", str(home.lock_file), "sh", "-c", "echo held && sleep 60"], stdout=subprocess.PIPE
    ) as backup:
        assert backup.stdout.readline() == b"held\n"
        done = CliRunner().invoke(app, ["refresh"])
        backup.kill()
        subprocess.run(["pkill", "-P", str(backup.pid)], check=False)
    assert (done.exit_code, "Another process works in" in done.output) == (3, True)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_finds_no_fault_in_the_units(tmp_path):
    for unit in UNITS:
        text = unit.read_text().replace("/opt/csw/.venv/bin/csw", "/bin/true")
        (tmp_path / unit.name).write_text(text.replace("file:/opt/csw", f"file:{ROOT}"))
    done = subprocess.run(
        ["systemd-analyze", "verify", *(str(tmp_path / unit.name) for unit in UNITS)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    own = [line for line in done.stderr.splitlines() if any(unit.name in line for unit in UNITS)]
    assert own == []


def test_units_and_containers_run_what_there_is_as_a_user_of_its_own():
    for unit in UNITS:
        text = unit.read_text()
        for line in re.findall(r"^ExecStart=/opt/csw/\.venv/bin/csw (.+)$", text, re.MULTILINE):
            assert CliRunner().invoke(app, [line.split()[0], "--help"]).exit_code == 0
            assert "User=csw" in text
    dockerfile = (DEPLOY / "Dockerfile").read_text()
    (service,) = yaml.safe_load((DEPLOY / "compose.yml").read_text())["services"].values()
    uid = re.search(r"useradd --uid (\d+)", dockerfile)[1]
    assert service["user"] == f"{uid}:{uid}"
    assert dockerfile.index("useradd") < dockerfile.index("USER csw") < dockerfile.index("CMD")
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    home = re.search(r"CSW_HOME=(\S+)", dockerfile)[1]
    assert service["volumes"] == [f"./home:{home}"]
    shown = CliRunner(env={"COLUMNS": "200"}).invoke(app, [service["command"][0], "--help"]).output
    assert all(word in shown for word in service["command"] if word.startswith("--"))


def test_every_variable_is_in_the_table():
    code = [*(ROOT / "orchestration").rglob("*.py"), *(ROOT / "dashboards").rglob("*.py")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in [*code, ROOT / "profiles.yml"])
    known = set(re.findall(r"\bCSW_[A-Z_]+\b", text)) - INNER
    assert known == set(re.findall(r"^\| `(CSW_\w+)`", PAGE, re.MULTILINE))


@pytest.mark.parametrize("on", [True, False])
def test_the_schedule_is_on_where_company_yml_says_so(company, on):
    text = company.company_file.read_text()
    company.company_file.write_text(f"{text}schedule: {{at: '05:30', on: {str(on).lower()}}}\n")
    try:
        schedule = build_schedule(company, build_job())
        assert schedule.default_status.value == ("RUNNING" if on else "STOPPED")
        assert schedule.cron_schedule == "30 5 * * *"
    finally:
        company.company_file.write_text(text)
