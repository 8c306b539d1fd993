"""`make refresh` passes on what the user names, whatever the names hold."""

import os
import shutil
import subprocess

import pytest

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


def said_to_csw(project_root, *settings, **environment):
    """Run make with a program in csw's place that prints each of its arguments."""
    done = subprocess.run(
        ["make", "-s", "-o", ".venv/.synced", "refresh", "RUN=printf '<%s>\\n'", *settings],
        cwd=project_root,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return [line.strip("<>") for line in done.stdout.splitlines()][2:]


def test_nothing_named_is_nothing_passed(project_root):
    assert said_to_csw(project_root) == []


def test_settings_are_passed_as_they_are(project_root):
    folder = 'my "exports"; of $HOME'
    arguments = said_to_csw(
        project_root,
        f"SOURCE={folder.replace('$', '$$')}",
        "AS_OF=2024-12-31",
        "MAPPING=it's mine.yml",
        "SCALE=0.1",
        "SEED=7",
        "FULL_REFRESH=1",
        "SAME_COMPANY=1",
    )
    assert arguments == [
        *("--source", folder),
        *("--as-of", "2024-12-31"),
        *("--mapping", "it's mine.yml"),
        *("--scale", "0.1"),
        *("--seed", "7"),
        "--full-refresh",
        "--same-company",
    ]


def test_help_names_every_target(project_root):
    done = subprocess.run(
        ["make", "help"], cwd=project_root, capture_output=True, text=True, check=True
    )
    for target in ("refresh", "test", "lint", "dagster", "docs", "clean"):
        assert f"make {target} " in done.stdout
    for setting in ("SOURCE", "AS_OF", "MAPPING", "CSW_HOME", "SCALE", "VERBOSE"):
        assert setting in done.stdout
