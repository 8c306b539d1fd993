"""dbt, run in homes of the tests; its partial parse is lent from one home of the tests to the next.

To read the whole project takes dbt twenty seconds and more, and what it reads depends on few vars:
the sources, and those that a YAML file names. All that keeps one home from using the parse of
another of the same are two hashes, of where the warehouse lies and of all vars, so these are what
is written anew. A file of the project that has changed since dbt notices itself, a reference that
only other vars make is an error of dbt's, and a hash that dbt makes in another way costs no more
than the parse.
"""

import hashlib
import json
import os
import pprint
import re
import subprocess
from functools import cache
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import Any

import yaml

from orchestration.home import Home
from orchestration.memory import memory_limit
from orchestration.project import (
    dbt_environment,
    dbt_executable,
    project_root,
    vars_arguments,
)

PARSE_FILE = "partial_parse.msgpack"
VAR = re.compile(r"\bvar\(['\"](\w+)")
NO_PLACE, NO_VARS = b"0" * 64, b"1" * 64


class Kept:
    """Where the parses of one run of pytest are; conftest says it."""

    folder: Path | None = None


def lend(home: Home) -> None:
    """Give a home that dbt has not parsed yet the parse of another one, where there is one."""
    kept = _kept(home)
    own = home.dbt_target / PARSE_FILE
    # A home that was copied has the parse of the place where it was before.
    is_own = own.is_file() and _place(home) in own.read_bytes()
    if kept and kept.is_file() and not is_own:
        own.parent.mkdir(parents=True, exist_ok=True)
        content = kept.read_bytes().replace(NO_PLACE, _place(home)).replace(NO_VARS, _vars(home))
        own.write_bytes(content)


def keep(home: Home) -> None:
    """Keep the parse of a home for those to come, where there is none yet."""
    kept = _kept(home)
    own = home.dbt_target / PARSE_FILE
    if kept is None or kept.exists() or not own.is_file():
        return
    content = own.read_bytes()
    place, settings = _place(home), _vars(home)
    is_told = content.count(place) == 1 == content.count(settings)
    if is_told and NO_PLACE not in content and NO_VARS not in content:
        kept.parent.mkdir(exist_ok=True)
        written = kept.with_suffix(f".{os.getpid()}")
        written.write_bytes(content.replace(place, NO_PLACE).replace(settings, NO_VARS))
        written.replace(kept)


def run_dbt(home: Home, command: str, *arguments: str) -> str:
    """Run dbt in a home, which must not be open; return what it printed."""
    lend(home)
    done = subprocess.run(
        [dbt_executable(), command, *vars_arguments(home), *arguments],
        cwd=project_root(),
        env={**os.environ, **dbt_environment(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    keep(home)
    return done.stdout


def _kept(home: Home) -> Path | None:
    read = {name: value for name, value in _told(home).items() if name in _read_by_parse()}
    of = f"{project_root()} {json.dumps(read, sort_keys=True)}"
    name = hashlib.sha256(of.encode()).hexdigest()[:16]
    return Kept.folder and Kept.folder / f"{name}.msgpack"


@cache
def _read_by_parse() -> set[str]:
    """The vars that the parse depends on."""
    files = (project_root() / "models").rglob("*.yml")
    named = (VAR.findall(file.read_text(encoding="utf-8")) for file in files)
    return {"sources", *chain.from_iterable(named)}


def _told(home: Home) -> dict[str, Any]:
    """The vars that dbt is given."""
    _, *told = vars_arguments(home) or ["--vars"]
    return json.loads(told[0]) if told else {}


def _vars(home: Home) -> bytes:
    """The hash that dbt makes of vars, profile, target and version."""
    of = "\x00".join([pprint.pformat(_told(home)), "", "", version("dbt-core")])
    return hashlib.sha256(of.encode()).hexdigest().encode()


def _place(home: Home) -> bytes:
    """The hash that dbt makes of a connection (its `build_manifest_state_check`)."""
    from dbt.adapters.duckdb.credentials import DuckDBCredentials  # noqa: PLC0415

    profiles = yaml.safe_load((project_root() / "profiles.yml").read_text(encoding="utf-8"))
    target = dict(profiles["customer_success"]["outputs"]["dev"])
    settings = {**target["settings"], "memory_limit": memory_limit()}
    connection = {
        **{name: value for name, value in target.items() if name not in ("type", "threads")},
        "path": str(home.warehouse),
        "settings": settings,
    }
    credentials = DuckDBCredentials.from_dict(
        DuckDBCredentials.__pre_deserialize__(connection)
    ).connection_info()
    return hashlib.sha256(pprint.pformat(sorted(credentials)).encode()).hexdigest().encode()
