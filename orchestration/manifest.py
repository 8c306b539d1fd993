"""The dbt manifest: made only when it is missing or the project has changed.

Dagster needs the manifest to know the assets, dbt needs a parsed project to build. Both use the
home's target folder, so one `dbt parse` serves Dagster and leaves the partial parse that the
build then starts from. The stamp beside the manifest says which state of the project it is of.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from orchestration.errors import MACHINE, advice_on
from orchestration.home import Home
from orchestration.project import (
    DBT_PROJECT_FILE,
    ProjectError,
    dbt_command,
    dbt_environment,
    project_root,
    vars_arguments,
)
from orchestration.state import read_json, sync, write_json


class ParseStoppedError(ProjectError):
    """The machine stopped dbt while it parsed; the text says what to do."""

    exit_code = MACHINE


STAMP_FILE = "manifest_stamp.json"
# What dbt reads while it parses: a change below any of these may change the manifest.
PARSED_FOLDERS = (
    "models",
    "seeds",
    "macros",
    "analyses",
    "tests/generic",
    "tests/metrics",
    "tests/reconciliation",
    "tests/fixtures",
    "dbt_project",
)


def manifest_path(home: Home) -> Path:
    """Return where the home's manifest is."""
    return home.dbt_target / "manifest.json"


def read_manifest(home: Home) -> Mapping[str, Any]:
    """Return the home's manifest. It is read once as long as the file stays; do not change it."""
    path = manifest_path(home)
    return _read_once(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=2)
def _read_once(path: Path, _: int) -> Mapping[str, Any]:
    return json.loads(path.read_bytes())


def _project_files(root: Path) -> Iterator[Path]:
    yield root / DBT_PROJECT_FILE
    yield root / "profiles.yml"
    for folder in PARSED_FOLDERS:
        for directory, _, names in os.walk(root / folder):
            for name in sorted(names):
                yield Path(directory, name)


def fingerprint(home: Home) -> str:
    """Return a hash of what the manifest depends on: files (path, size, time), vars and home."""
    root = project_root()
    digest = hashlib.sha256()
    for path in sorted(_project_files(root)):
        status = path.stat()
        digest.update(f"{path.relative_to(root)}:{status.st_size}:{status.st_mtime_ns}\n".encode())
    digest.update(json.dumps([vars_arguments(home), str(home.path)]).encode())
    return digest.hexdigest()


def is_fresh(home: Home) -> bool:
    """Whether the manifest is of the project as it is now, and nobody replaced it since."""
    stamp_file = home.dbt_target / STAMP_FILE
    manifest = manifest_path(home)
    if not (stamp_file.is_file() and manifest.is_file()):
        return False
    if read_json(stamp_file) != _stamp(home, fingerprint(home)):
        return False
    try:
        # A disk may give back something else than was written; it is read for the run anyway.
        read_manifest(home)
    except ValueError:
        return False
    return True


def write_stamp(home: Home, project: str) -> None:
    """Record that the manifest is of the given state of the project."""
    # dbt writes in place and asks no disk to keep it: the stamp is not to outlast the manifest.
    sync(manifest_path(home))
    write_json(home.dbt_target / STAMP_FILE, _stamp(home, project))


def _stamp(home: Home, project: str) -> dict[str, Any]:
    found = manifest_path(home).stat()
    return {"project": project, "manifest": found.st_mtime_ns, "bytes": found.st_size}


@dataclass
class Parse:
    """A `dbt parse` that was started, or none when the manifest was fresh."""

    home: Home
    project: str
    process: subprocess.Popen[str] | None

    def wait(self) -> None:
        """Wait for the parse and stamp the manifest.

        Raises:
            ParseStoppedError: The disk is full, or refuses.
            ProjectError: When the project does not parse; the text is dbt's own.
        """
        if self.process is None:
            return
        output, _ = self.process.communicate()
        if self.process.returncode != 0:
            said = output.strip()
            if advice := advice_on(said):
                # Of the machine, not of the project: dbt shows where in dbt it happened.
                raise ParseStoppedError(f"{advice}\n({said.splitlines()[-1]})")
            raise ProjectError(f"The dbt project does not parse:\n{said}")
        write_stamp(self.home, self.project)


def start_parse(home: Home) -> Parse:
    """Start `dbt parse` when the manifest is missing or stale.

    It runs in its own process, so the caller can import what it needs meanwhile.
    """
    home.create()
    if is_fresh(home):
        return Parse(home, "", None)
    process = subprocess.Popen(
        [*dbt_command(), "--quiet", "parse", *vars_arguments(home)],
        cwd=project_root(),
        env={**os.environ, **dbt_environment(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return Parse(home, fingerprint(home), process)


def ensure_manifest(home: Home) -> Path:
    """Make the manifest if needed, and return its path."""
    start_parse(home).wait()
    return manifest_path(home)
