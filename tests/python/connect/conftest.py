"""The exports of a small demo company, made once; retries that do not wait."""

import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from orchestration.connectors import http


@pytest.fixture(scope="session")
def exports(shared_folder: Path, project_root: Path) -> Path:
    """What the five systems of a small company export."""
    home = shared_folder / "connect"
    with FileLock(shared_folder / "connect.lock"):
        if not (home / "exports").is_dir():
            subprocess.run(
                [sys.executable, "-m", "demo", "--home", str(home), "--scale", "0.03"],
                cwd=project_root,
                check=True,
                capture_output=True,
            )
    return home / "exports"


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Back off by milliseconds; what a Retry-After asks for is waited for."""
    monkeypatch.setattr(http, "FIRST_WAIT", 0.001)
