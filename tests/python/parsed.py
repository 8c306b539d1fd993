"""dbt's partial parse, lent from one home of the tests to the next.

To read the whole project takes dbt twenty seconds, and homes of the same vars read the same. All
that keeps one from using the parse of another is a hash of where the warehouse lies, so that is
what is written anew. A file of the project that has changed since dbt notices itself, and a hash
that dbt makes in another way costs no more than the twenty seconds.
"""

import hashlib
import os
import pprint
from pathlib import Path

import yaml

from orchestration.home import Home
from orchestration.memory import memory_limit
from orchestration.project import project_root, vars_arguments

PARSE_FILE = "partial_parse.msgpack"
NO_PLACE = b"0" * 64


class Kept:
    """Where the parses of one run of pytest are; conftest says it."""

    folder: Path | None = None


def lend(home: Home) -> None:
    """Give a home that dbt has not parsed yet the parse of another one, where there is one."""
    kept = _kept(home)
    own = home.dbt_target / PARSE_FILE
    if kept and kept.is_file() and not own.exists():
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
