"""dbt, run in homes of the tests; its partial parse is lent from one to the next.

To read the whole project takes dbt twenty seconds; homes of the same vars read the same, those of
others do not: a policy may decide what a model refers to. All that keeps one from using the parse
of another is a hash of where the warehouse lies, so that is what is written anew. A file of the
project that has changed since dbt notices itself, and a hash that dbt makes in another way costs no
more than the twenty seconds.
"""

import hashlib
import os
import pprint
import subprocess
from pathlib import Path

import yaml

from orchestration.home import Home
from orchestration.memory import memory_limit
from orchestration.project import dbt_environment, dbt_executable, project_root, vars_arguments

PARSE_FILE = "partial_parse.msgpack"
NO_PLACE = b"0" * 64


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
        own.write_bytes(kept.read_bytes().replace(NO_PLACE, _place(home)))


def keep(home: Home) -> None:
    """Keep the parse of a home for those to come, where there is none yet."""
    kept = _kept(home)
    own = home.dbt_target / PARSE_FILE
    if kept is None or kept.exists() or not own.is_file():
        return
    content = own.read_bytes()
    if content.count(_place(home)) == 1 and NO_PLACE not in content:
        kept.parent.mkdir(exist_ok=True)
        written = kept.with_suffix(f".{os.getpid()}")
        written.write_bytes(content.replace(_place(home), NO_PLACE))
        written.replace(kept)


def is_kept(home: Home) -> bool:
    """Whether there is a parse to lend to homes like this one."""
    kept = _kept(home)
    return kept is not None and kept.is_file()


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
    of = f"{project_root()} {vars_arguments(home)}"
    name = hashlib.sha256(of.encode()).hexdigest()[:16]
    return Kept.folder and Kept.folder / f"{name}.msgpack"


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
