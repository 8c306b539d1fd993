"""Where the project's files are, and the environment dbt runs in.

The root holds `dbt_project.yml`; everything that starts dbt takes its folder, its environment and
its vars from here, so that a refresh, a plain `csw dbt` and Dagster parse the project the same way
and dbt's partial parse stays valid from one to the next.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from orchestration import dbt_process
from orchestration.errors import ExplainedError

if TYPE_CHECKING:
    from orchestration.home import Home

DBT_PROJECT_FILE = "dbt_project.yml"
PROJECT_VARIABLE = "CSW_PROJECT"
PACKAGE = Path(__file__).resolve().parent


class ProjectError(ExplainedError):
    """The project's own files are missing or wrong; the text says what to do."""


def project_root() -> Path:
    """Return the folder that holds `dbt_project.yml`.

    That is the folder `CSW_PROJECT` names, else the folder above this package, else (when the
    package was installed somewhere else) the current folder.
    """
    named = os.environ.get(PROJECT_VARIABLE)
    folders = [Path(named).absolute()] if named else [PACKAGE.parent, Path.cwd()]
    for folder in folders:
        if (folder / DBT_PROJECT_FILE).is_file():
            return folder
    raise ProjectError(
        f"{DBT_PROJECT_FILE} was not found in {' or '.join(map(str, folders))}. "
        f"Run the command from the project's root folder, or set {PROJECT_VARIABLE}."
    )


def dbt_schemas() -> set[str]:
    """Return the schemas that dbt fills: every ``+schema`` of the project's file."""
    project = project_settings()
    return {*_schemas_in(project["models"]), *_schemas_in(project["seeds"])}


def _schemas_in(settings: Mapping[str, Any]) -> Iterator[str]:
    for name, value in settings.items():
        if name == "+schema":
            yield value
        elif isinstance(value, dict):
            yield from _schemas_in(value)


def dbt_executable() -> str:
    """Return the dbt that belongs to this Python, else the one on the PATH."""
    beside_python = Path(sys.executable).parent / "dbt"
    return str(beside_python) if beside_python.exists() else "dbt"


def dbt_command() -> list[str]:
    """Return what starts the dbt of this Python, so that it ends with the process that starts it.

    It needs `dbt_environment`.
    """
    return [sys.executable, "-m", dbt_process.__name__]


def dbt_environment(home: Home) -> dict[str, str]:
    """Return the variables that point dbt at a home, on top of the process's own."""
    root = str(project_root())
    return {
        "CSW_HOME": str(home.path),
        "DBT_PROJECT_DIR": root,
        "DBT_PROFILES_DIR": root,
        "DBT_TARGET_PATH": str(home.dbt_target),
        "DBT_LOG_PATH": str(home.dbt_logs),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        # The version check asks the package index: a refresh needs no network.
        "DBT_VERSION_CHECK": "false",
        dbt_process.STARTED_BY_VARIABLE: str(os.getpid()),
    }


def use_home(home: Home) -> None:
    """Put a home's variables into this process, for the tools started from it."""
    os.environ.update(dbt_environment(home))
    os.environ["DAGSTER_HOME"] = str(home.dagster)


def vars_arguments(home: Home, more: Mapping[str, Any] | None = None) -> list[str]:
    """Return `--vars {…}` when the home's vars differ from the project's, else nothing.

    Any change of the vars makes dbt parse everything again, so a home that uses the defaults
    passes none, and nothing that changes daily is ever passed here.

    Args:
        home: The home.
        more: Vars of one call, before those of the home.
    """
    overrides = {**home.vars_overrides(default_vars()), **(more or {})}
    # A day of YAML is a date in Python and text in JSON.
    return ["--vars", json.dumps(overrides, sort_keys=True, default=str)] if overrides else []


def tell_vars(home: Home) -> None:
    """Write what a home's company sets where dbt, run on its own, sees that it does not know it."""
    from orchestration.loads import write_settings  # noqa: PLC0415

    if home.warehouse.is_file():
        write_settings(home.warehouse, own_settings(home))


def own_settings(home: Home) -> dict[str, str]:
    """Return the setting of the warehouse that says what a home's company sets."""
    return {"vars": json.dumps(home.vars_overrides(default_vars()), sort_keys=True)}


def default_vars() -> dict[str, Any]:
    """Return the vars that `dbt_project.yml` sets."""
    return dict(project_settings().get("vars") or {})


def project_settings() -> dict[str, Any]:
    """Return what `dbt_project.yml` says.

    Raises:
        ProjectError: It is no YAML in UTF-8.
    """
    file = project_root() / DBT_PROJECT_FILE
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise ProjectError(f"{file} cannot be read as YAML in UTF-8: {error}") from error
    if not isinstance(content, dict):
        raise ProjectError(f"{file} has no settings (name: value).")
    return content
