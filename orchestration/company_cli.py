"""`csw init` and `csw check`: the dialogue about company.yml."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import typer
from rich.console import Console
from rich.table import Table

from orchestration.company import DOMAINS, FILES, LOADERS
from orchestration.company_init import (
    ROADS,
    Answers,
    findings,
    refuse_existing,
    systems_for,
    write_company,
)
from orchestration.home import Home, HomeError, mapping_settings
from orchestration.settings_file import suggestion

NONE = "none"


@dataclass(frozen=True)
class Given:
    """What was said on the command line; what is None is asked for.

    Attributes:
        company: The company's name.
        currency: What all money is shown in.
        systems: The system of each domain.
        road: How the data come.
        folder: Where files are.
        database: Where a loader landed its tables.
    """

    company: str | None
    currency: str | None
    systems: Mapping[str, str | None]
    road: str | None
    folder: str | None
    database: str | None


def init_company(console: Console, home: Home, given: Given) -> None:
    """Ask for what is not given, and write company.yml.

    Raises:
        HomeError: An answer is not possible, or there is a company.yml already.
    """
    # Before the first question: nobody answers eight of them for nothing.
    refuse_existing(home)
    known = home.remembered() if home.exists() else None
    of_files = known if known and known.source == FILES else None
    company = given.company or _ask(
        "The company's name", of_files.company if of_files else home.path.name
    )
    mapped = mapping_settings(home.mapping_file) if of_files else {}
    currency = given.currency or _ask(
        "All money is shown in", mapped.get("reporting_currency") or "USD"
    )
    road = given.road or _ask(f"How the data come ({', '.join(ROADS)})", FILES)
    _require_one_of(road, ROADS, "--from")
    systems = {domain: _system(domain, given.systems.get(domain), road) for domain in DOMAINS}
    if not any(systems.values()):
        raise HomeError("No domain has a system: name one at least, such as --billing stripe.")
    answers = Answers(company, currency, systems, road)
    if road == FILES or FILES in systems.values():
        usual = of_files.folder if of_files and of_files.folder else answers.folder
        folder = given.folder or _ask("The folder of the files", usual)
        answers = replace(answers, folder=folder, mapping=of_files.mapping if of_files else None)
    if road in LOADERS:
        database = given.database or _ask("The database the loader landed in", answers.database)
        answers = replace(answers, database=database)
    path = write_company(home, answers)
    if of_files and of_files.vars:
        console.print(
            f"Not taken over from home.json: {', '.join(of_files.vars)}. Set them below policies.",
            highlight=False,
            soft_wrap=True,
        )
    console.print(f"Written: {path}", highlight=False, soft_wrap=True)
    console.print("Next: `csw check`, then `csw refresh`.", highlight=False)


def _ask(question: str, usual: str) -> str:
    if not sys.stdin.isatty():
        return usual
    return typer.prompt(question, default=usual)


def _system(domain: str, given: str | None, road: str) -> str | None:
    there = [*systems_for(domain, road), NONE]
    if given is None:
        # Who brings files brings them for every domain; else a domain has what the road brings.
        vendors = [system for system in there if system != FILES]
        given = _ask(f"{domain} ({', '.join(there)})", FILES if road == FILES else vendors[0])
    _require_one_of(given, there, f"--{domain}")
    return None if given == NONE else given


def _require_one_of(given: str, there: Sequence[str], option: str) -> None:
    if given not in there:
        raise HomeError(f"{option} {given}: there is no such choice{suggestion(given, there)}.")


def check_company(console: Console, home: Home) -> bool:
    """Show each system with its road and what is in the way.

    Returns:
        Whether nothing is in the way.
    """
    found = findings(home)
    company = home.company
    assert company is not None
    console.print(f"{company.company}: {home.company_file}", highlight=False, soft_wrap=True)
    table = Table("system", "road", "where", "", box=None, pad_edge=False, header_style="bold")
    for finding in found:
        table.add_row(finding.system, finding.road, finding.place, finding.fault or "there")
    console.print(table)
    return not any(finding.fault for finding in found)
