"""A first mapping.yml for a folder: every guess is marked as one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from orchestration.loads.files import list_files, tables_by_name
from orchestration.loads.spec import source_spec
from orchestration.mapping_guess import Guess, guess

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
    if shared:
        lines += ["", "reading:"]
        lines += [f"  {name}: {_scalar(value)}   # guess" for name, value in shared.items()]
    body = [line for found in guesses for line in _entries(found, shared)]
    lines += ["", "files:" if any(found.matches for found in guesses) else "files: {}", *body]
    taken = {match.entity for found in guesses for match in found.matches}
    missing = [name for name in source_spec("files").required_tables if name not in taken]
    if missing:
        lines += ["", f"# required and not found: {', '.join(missing)}"]
    return HEAD + "\n".join(lines) + "\n"


def _shared(guesses: list[Guess]) -> dict[str, Any]:
    """Settings that all files which say something about them agree in."""
    shared: dict[str, Any] = {}
    readable = [found for found in guesses if found.matches and found.file.format != "parquet"]
    for name in ("encoding", "decimal", "thousands", "date_format"):
        values = [found.settings.get(name) for found in readable]
        if len(values) > 1 and values[0] is not None and all(v == values[0] for v in values):
            shared[name] = values[0]
    return shared


def _entries(found: Guess, shared: dict[str, Any]) -> list[str]:
    if found.problem:
        return ["", f"  # {found.file.relative} cannot be read: {found.problem}"]
    if not found.matches:
        headers = ", ".join(found.headers)
        return [
            "",
            f"  # {found.file.relative}: which entity this is cannot be told from: {headers}",
        ]
    lines: list[str] = []
    entities = [match.entity for match in found.matches]
    for match in found.matches:
        entity = match.entity
        lines += ["", f"  {entity}:   # guess"]
        place = found.file.relative
        if found.file.part is not None and found.file.format == "xlsx":
            place = place.removesuffix(f"/{found.file.part}")
            lines += [f"    from: {_scalar(place)}", f"    sheet: {_scalar(found.file.part)}"]
        else:
            lines.append(f"    from: {_scalar(place)}")
        lines += [
            f"    {name}: {_scalar(value)}   # guess"
            for name, value in found.settings.items()
            if name not in shared
        ]
        lines += [f"    # {name}: {text}" for name, text in found.unsure.items()]
        lines.append("    columns:" if match.columns else "    columns: {}")
        for name, header in match.columns.items():
            lines.append(f"      {name}: {_scalar(header)}   # guess")
            if words := found.unknown.get((entity, name)):
                lines += [
                    f"      # {name}: these words are not known: {', '.join(words[:WORDS_NAMED])};",
                    f"      #   say {{from: {_scalar(header)}, values: {{{words[0]}: …}}}}",
                ]
        lines += [
            f"      # {name}:   # required and not found: a column, {{value: …}} or {{sql: …}}"
            for name in match.missing
        ]
    read = {header for match in found.matches for header in match.columns.values()}
    unread = [header for header in found.headers if header not in read]
    if unread:
        lines.append(f"  # not read by {' and '.join(entities)}: {', '.join(unread)}")
    return lines


def _scalar(value: object) -> str:
    """A value as YAML has it on one line."""
    text = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10_000)
    return text.removesuffix("\n...\n").rstrip("\n")
