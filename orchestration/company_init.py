"""Writing a new ``company.yml``, each setting explained where it stands; and looking it through."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent, indent

from orchestration.company import (
    COMPANY_FILE,
    DOMAINS,
    ENVIRONMENT,
    FILES,
    LOADERS,
    SECRET_FILE,
    ApiRoad,
    Company,
    FilesRoad,
    LandedRoad,
    domains_of,
    source_of,
)
from orchestration.connectors.contract import Contract, contract_of
from orchestration.connectors.of_home import road_of
from orchestration.connectors.road import ConnectError, vendor_names
from orchestration.home import Home, HomeError
from orchestration.loads.adapters import adapter_names
from orchestration.loads.landed_database import refuse_own_schema
from orchestration.loads.model import LoadError
from orchestration.loads.spec import source_names
from orchestration.policies import Policies
from orchestration.project import default_vars
from orchestration.settings_file import SettingsFileError, suggestion
from orchestration.state import write_text

API = "api"
ROADS = (FILES, *LOADERS, API)
# Below it each system's files have a folder of their own.
DELIVERIES = "deliveries"
OWN_COLUMNS = "# columns: {<table>: {<our column>: <their column>}} # custom fields"
# Of policies whose default is to have none.
EXAMPLES = {"fx_plan_date": "2026-01-01"}


@dataclass(frozen=True)
class Answers:
    """What a new company.yml is to say.

    Attributes:
        company: The company's name.
        currency: What all money is shown in.
        systems: The system that speaks for each domain; none where nobody does.
        road: How the systems' data come: files, api, or the loader that landed them.
        folder: Where the files of the system `files` are.
        mapping: How the files' names map to ours, where it does not lie beside them.
        database: Where a loader landed its tables.
    """

    company: str
    currency: str = "USD"
    systems: Mapping[str, str | None] = field(default_factory=dict)
    road: str = FILES
    folder: str = f"{DELIVERIES}/{FILES}"
    mapping: str | None = None
    database: str = "landed.duckdb"


def systems_for(domain: str, road: str) -> list[str]:
    """The systems that can speak for a domain when data come by a road, and `files`."""
    by_road = {**adapter_names(), API: vendor_names(), FILES: source_names()}
    there = [system for system in by_road.get(road, []) if domain in domains_of(system)]
    return [*(system for system in there if system != FILES), FILES]


def refuse_existing(home: Home) -> None:
    """Leave a company.yml that is there alone: it is somebody's work.

    Raises:
        HomeError: There is one.
    """
    if home.company_file.exists():
        raise HomeError(
            f"{home.company_file} is there already. Change it with an editor; `csw check` tells "
            "what it says and what is wrong with it."
        )


def write_company(home: Home, answers: Answers) -> Path:
    """Write company.yml into a home.

    Raises:
        HomeError: There is one already, or an answer is not possible.
    """
    refuse_existing(home)
    home.path.mkdir(parents=True, exist_ok=True)
    draft = home.company_file.with_suffix(".yml.tmp")
    write_text(draft, company_text(answers))
    try:
        Company.read(draft)
        # Nobody's file is lost who wrote one during the questions.
        refuse_existing(home)
        draft.replace(home.company_file)
    except SettingsFileError as problem:
        raise HomeError(str(problem).replace(str(draft), COMPANY_FILE)) from problem
    finally:
        draft.unlink(missing_ok=True)
    return home.company_file


def company_text(answers: Answers) -> str:
    """The text of a company.yml."""
    domains = "\n".join(f"  {domain}: [{answers.systems.get(domain) or ''}]" for domain in DOMAINS)
    systems = dict.fromkeys(system for system in answers.systems.values() if system)
    roads = "\n".join(_road_text(system, answers) for system in systems)
    head = dedent(
        f"""\
        # Everything about a company. `csw check` tells what is wrong with it; docs/company.md has
        # every setting. A path that is not absolute begins at the folder of this file.
        version: 1
        company: {json.dumps(answers.company, ensure_ascii=False)}

        # All money is shown in it.
        reporting_currency: {answers.currency}

        # The day of the figures: last_complete_day, or a day such as 2026-01-31.
        as_of: last_complete_day

        # Which system speaks for each domain. [] where there is none: what depends on it is missing
        # then, never 0. Two systems of one domain are ordinary: [zendesk, files].
        domains:
        """
    )
    between = dedent(
        """
        # By which road each system's data come:
        #   files   exports in a folder
        #   landed  tables that Fivetran, Airbyte or dlt keep in a database; they are only read
        #   api     fetched from the system itself
        systems:
        """
    )
    tail = dedent(
        """
        # When the daily refresh of `csw dagster` runs.
        schedule:
          at: "06:00"
          time_zone: UTC
          on: false

        # What the metrics count: docs/metrics.md. Each has its default here; to set another value,
        # take the # away.
        policies:
        """
    )
    return "".join([head, domains, "\n", between, roads, "\n", tail, *_policy_lines()])


def _road_text(system: str, answers: Answers) -> str:
    if FILES in (system, answers.road):
        folder = answers.folder if system == FILES else f"{DELIVERIES}/{system}"
        lines = ["road: files", f"folder: {json.dumps(folder, ensure_ascii=False)}"]
        if system == FILES and answers.mapping:
            lines.append(f"mapping: {json.dumps(answers.mapping, ensure_ascii=False)}")
        elif system == FILES:
            lines.append(
                "# mapping: mapping.yml # where names differ; else the one beside the files"
            )
    elif answers.road == API:
        contract = contract_of(system)
        named = [
            f"{name}: {ENVIRONMENT}{system.upper()}_{name.upper()}" for name in contract.credentials
        ]
        lines = [
            "road: api",
            f"credentials: {{{', '.join(named)}}} # or {SECRET_FILE}<path>",
            *([f"# options: {{{': …, '.join(contract.options)}: …}}"] if contract.options else []),
            *([_start_text(contract)] if contract.has_start else []),
            *([OWN_COLUMNS] if source_of(system) != system else []),
        ]
    else:
        lines = [
            "road: landed",
            f"loader: {answers.road}",
            f"database: {json.dumps(answers.database)} # or md:<name>, postgresql://…",
            f"schema: {system}",
            "# tables: {<table>: <its name there>} # where a table has another name",
            OWN_COLUMNS,
        ]
    return f"  {system}:\n{indent(chr(10).join(lines), '    ')}"


def _start_fault(contract: Contract, road: ApiRoad) -> str | None:
    if contract.needs_start and road.start is None:
        return "company.yml does not say: start (the first day to fetch, such as 2024-01-01)"
    return None


def _start_text(contract: Contract) -> str:
    text = "start: 2023-01-01 # nothing older is fetched"
    return text if contract.needs_start else f"# {text}"


def _policy_lines() -> Iterable[str]:
    defaults = default_vars()
    for name, policy in Policies.model_fields.items():
        value = defaults[name] if defaults[name] != "" else EXAMPLES[name]
        written = json.dumps(value) if isinstance(value, dict) else value
        yield f"  # {name}: {written} # {policy.description}\n"


@dataclass(frozen=True)
class Finding:
    """What was found of one system.

    Attributes:
        system: Its name.
        road: How its data come.
        place: Where they are.
        fault: What is in the way; none when nothing is.
    """

    system: str
    road: str
    place: str
    fault: str | None = None


def findings(home: Home) -> list[Finding]:
    """What of each system is in the way of a refresh, without loading anything.

    Raises:
        HomeError: There is no company.yml, or it says something wrong.
    """
    company = home.company
    if company is None:
        raise HomeError(f"{home.path} has no company.yml: write one with `csw init`.")
    return [_finding(home, system, road) for system, road in company.systems.items()]


def _finding(home: Home, system: str, road: FilesRoad | LandedRoad | ApiRoad) -> Finding:
    if isinstance(road, FilesRoad):
        folder = home.source_folder(system)
        fault = None if folder.is_dir() else "there is no such folder"
        return Finding(system, "files", str(folder), fault)
    if isinstance(road, LandedRoad):
        shown = home.landed(system, road).shown
        place = f"{road.loader}: {shown}, schema {road.db_schema}"
        return Finding(system, "landed", place, _landed_fault(home, system, road))
    place = road.base_url or "its own address"
    return Finding(system, "api", place, _api_fault(home, system, road))


def _api_fault(home: Home, system: str, road: ApiRoad) -> str | None:
    try:
        contract = contract_of(system)
    except ConnectError as problem:
        return str(problem)
    left_out = [name for name in contract.credentials if name not in road.credentials]
    if left_out:
        return f"company.yml does not say: {', '.join(left_out)}"
    if unknown := [name for name in road.credentials if name not in contract.credentials]:
        return f"there is no credential {unknown[0]}{suggestion(unknown[0], contract.credentials)}"
    if fault := contract.option_fault(road.options) or _start_fault(contract, road):
        return fault
    try:
        asked = road_of(home, system)
        for name in contract.credentials:
            asked.secret(name)
    except ConnectError as problem:
        return str(problem)
    return None


def _landed_fault(home: Home, system: str, road: LandedRoad) -> str | None:
    if road.is_elsewhere:
        return None
    if not home.at(road.database).is_file():
        return "there is no such database file"
    try:
        refuse_own_schema(home.landed(system, road), system, home.warehouse)
    except LoadError as problem:
        return str(problem)
    return None
