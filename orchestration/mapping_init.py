"""A first mapping.yml for a folder: every guess is marked as one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from orchestration.loads.files import list_files, tables_by_name
from orchestration.loads.spec import source_spec
from orchestration.mapping_guess import Guess, Match, guess

WORDS_NAMED = 10
HEAD = """\
# What `csw mapping init` read from the headers and samples of this folder. Look at every guess;
# then `csw mapping check` says what would load and what would not.
# All settings: docs/reference/mapping.md
version: 1
"""


def draft(folder: Path, company: str) -> str:
    """The text of a mapping.yml for the files of a folder."""
    files = tables_by_name(list_files(folder), source_spec("files"))
    guesses = [guess(file, table) for file, table in files]
    shared = _shared(guesses)
    lines = [f"company: {_scalar(company)}   # guess: the name of the folder"]
    lines += _whole(guesses)
    if shared:
        lines += ["", "reading:"]
        lines += [f"  {name}: {_scalar(value)}   # guess" for name, value in shared.items()]
    entries: dict[str, list[list[str]]] = {}
    for found in guesses:
        for match in found.matches:
            entries.setdefault(match.entity, []).append(_entry(found, match, shared))
    body = [line for entity, each in entries.items() for line in _listed(entity, each)]
    body += ["", *(f"  # {note}" for found in guesses for note in _notes(found))]
    lines += ["", "files:" if any(found.matches for found in guesses) else "files: {}", *body]
    taken = {match.entity for found in guesses for match in found.matches}
    missing = [name for name in source_spec("files").required_tables if name not in taken]
    if missing:
        lines += ["", f"# required and not found: {', '.join(missing)}"]
    return HEAD + "\n".join(lines) + "\n"


def _whole(guesses: list[Guess]) -> list[str]:
    """What holds for the mapping as a whole: the currency of rates, and what ends mean."""
    lines = []
    currencies = {found.reporting_currency for found in guesses} - {None}
    if len(currencies) == 1:
        lines += [f"reporting_currency: {min(map(str, currencies))}   # guess: of the rates"]
    last, first = (sum(found.ends[place] for found in guesses) for place in (0, 1))
    if last > first:
        end = next(found.end for found in guesses if found.end)
        told = f"most ends are the last day of a month, such as {_on_one_line(end)}"
        lines += [f"end_dates: inclusive   # guess: {told}"]
    return lines


def _shared(guesses: list[Guess]) -> dict[str, Any]:
    """Settings that all files which say something about them agree in."""
    shared: dict[str, Any] = {}
    readable = [found for found in guesses if found.matches and found.file.format != "parquet"]
    for name in ("encoding", "decimal", "thousands", "date_format"):
        values = [found.settings.get(name) for found in readable]
        if len(values) > 1 and values[0] is not None and all(v == values[0] for v in values):
            shared[name] = values[0]
    return shared


def _listed(entity: str, entries: list[list[str]]) -> list[str]:
    """An entity with its entry, or with a list of them."""
    lines = ["", f"  {entity}:   # guess"]
    for entry in entries:
        first, others = ("    - ", "      ") if len(entries) > 1 else ("    ", "    ")
        lines += [first + entry[0], *(others + line for line in entry[1:])]
    return lines


def _entry(found: Guess, match: Match, shared: dict[str, Any]) -> list[str]:
    """The lines of one entry, without the indent it stands at."""
    place = found.file.relative
    lines = [f"from: {_scalar(place)}"]
    if found.file.part is not None and found.file.format == "xlsx":
        lines = [f"from: {_scalar(found.file.container)}", f"sheet: {_scalar(found.file.part)}"]
    lines += [
        f"{name}: {_scalar(value)}   # guess"
        for name, value in found.settings.items()
        if name not in shared
    ]
    lines += [f"# {name}: {_on_one_line(text)}" for name, text in found.unsure.items()]
    lines.append("columns:" if match.columns or match.constants else "columns: {}")
    for name, header in match.columns.items():
        lines.append(f"  {name}: {_scalar(header)}   # guess")
        if words := found.unknown.get((match.entity, name)):
            named = _on_one_line(", ".join(words[:WORDS_NAMED]))
            example = f"{{from: {_scalar(header)}, values: {{{_on_one_line(words[0])}: …}}}}"
            lines += [f"  # {name}: these words are not known: {named};", f"  #   say {example}"]
    lines += [
        f"  {name}: {{value: {_scalar(value)}}}   # guess"
        for name, value in match.constants.items()
    ]
    return lines + [
        f"  # {name}:   # required and not found: a column, {{value: …}} or {{sql: …}}"
        for name in match.missing
    ]


def _notes(found: Guess) -> list[str]:
    """What there is to say of a file besides its entries."""
    name, headers = found.file.relative, _on_one_line(", ".join(found.headers))
    if found.problem:
        return [f"{name} cannot be read: {_on_one_line(found.problem)}"]
    if not found.matches:
        return [f"{name}: which entity this is cannot be told from: {headers}"]
    read = {header for match in found.matches for header in match.columns.values()}
    unread = _on_one_line(", ".join(header for header in found.headers if header not in read))
    entities = " and ".join(match.entity for match in found.matches)
    return [f"{name}: not read by {entities}: {unread}"] if unread else []


def _on_one_line(text: str) -> str:
    """A text in a comment: a cell may hold line breaks."""
    return " ".join(text.split())


def _scalar(value: object) -> str:
    """A value as YAML has it on one line."""
    style = '"' if isinstance(value, str) and len(value.splitlines()) > 1 else None
    text = yaml.safe_dump(
        value, default_flow_style=True, default_style=style, allow_unicode=True, width=10_000
    )
    return text.removesuffix("\n...\n").rstrip("\n")
