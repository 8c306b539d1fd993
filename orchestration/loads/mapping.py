"""``mapping.yml``: how files with other names and shapes become the ``files`` entities."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from orchestration.loads.currencies import ISO_4217
from orchestration.loads.model import LoadError
from orchestration.loads.spec import FULL, SourceSpec, source_spec


class _Loader(yaml.SafeLoader):
    """YAML as people expect it: ``on``, ``off``, ``yes`` and ``no`` are words."""


_Loader.yaml_implicit_resolvers = {
    letter: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool"]
    for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class Expression(_Strict):
    """A column computed from the columns of the file and its lookups."""

    sql: str


class Constant(_Strict):
    """A column with the same value in every row."""

    value: str | bool | int | float | date


class Lookup(_Strict):
    """Another file, joined by equal columns; at most one row of it fits a row."""

    source: str = Field(alias="from")
    on: str | dict[str, str]

    @property
    def pairs(self) -> dict[str, str]:
        """Column of the file by column of the lookup, the other way round."""
        return {self.on: self.on} if isinstance(self.on, str) else self.on


Column = str | Expression | Constant | None


class Entry(_Strict):
    """One file (or several of one shape) read for one entity."""

    source: str = Field(alias="from")
    where: str | None = None
    lookups: dict[str, Lookup] = Field(default_factory=dict)
    columns: dict[str, Column] = Field(default_factory=dict)


def _as_list(value: object) -> object:
    return value if isinstance(value, list) else [value]


Entries = Annotated[list[Entry], BeforeValidator(_as_list)]


def _as_currency(value: object) -> object:
    """A code as models compare it; pydantic words the error."""
    code = str(value).strip().upper()
    if code not in ISO_4217:
        raise ValueError("this is not an ISO 4217 currency code; write a code such as USD or EUR")
    return code


Currency = Annotated[str, BeforeValidator(_as_currency)]


class Mapping(_Strict):
    """The whole file.

    Attributes:
        version: Version of the mapping's format.
        company: Name of the company, shown in the summary.
        as_of: The day to report as of, unless the command says otherwise.
        reporting_currency: The currency to report in.
        end_dates: Whether an end is the first day without (exclusive) or the last day with.
        delivery: How a table is delivered, where not as it is declared.
        files: What is read for each entity; files that have an entity's name need no mapping.
    """

    version: Literal[1]
    company: str | None = None
    as_of: date | None = None
    reporting_currency: Currency | None = None
    end_dates: Literal["exclusive", "inclusive"] = "exclusive"
    delivery: dict[str, Literal["full", "increment"]] = Field(default_factory=dict)
    files: dict[str, Entries] = Field(default_factory=dict)


def read_mapping(path: Path, spec: SourceSpec | None = None) -> Mapping:
    """Read and check a mapping file, as far as that goes without the data.

    Raises:
        LoadError: The file is absent, is not YAML or says something unknown; the text names
            every place.
    """
    spec = spec or source_spec("files")
    try:
        raw = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except FileNotFoundError as problem:
        raise LoadError(f"{path}: the mapping file does not exist; check the path") from problem
    except yaml.YAMLError as problem:
        raise LoadError(f"{path}: the mapping is not valid YAML: {problem}") from problem
    if not isinstance(raw, dict):
        raise LoadError(f"{path}: the mapping is empty; it needs 'version: 1' at least")
    try:
        mapping = Mapping.model_validate(raw)
    except ValidationError as problem:
        places = "\n".join(f"- {line}" for line in _places(problem))
        raise LoadError(f"{path}: the mapping has errors:\n{places}") from problem
    unknown = list(_unknown_names(mapping, spec))
    if unknown:
        places = "\n".join(f"- {line}" for line in unknown)
        raise LoadError(f"{path}: the mapping has errors:\n{places}")
    return mapping


def suggestion(name: str, known: Iterable[str]) -> str:
    """``; did you mean …?`` or the list of what there is."""
    names = list(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if close:
        return f"; did you mean '{close[0]}'?"
    return f"; there is: {', '.join(names)}" if names else ""


# fmt: off
SETTINGS = {
    "mapping": [
        "version", "company", "as_of", "reporting_currency", "end_dates", "delivery", "files",
    ],
    "entry": ["from", "where", "lookups", "columns"],
    "lookup": ["from", "on"],
}
# fmt: on


def _places(problem: ValidationError) -> Iterable[str]:
    """Every error once, with its place in the file."""
    columns: set[str] = set()
    for error in problem.errors():
        path = [str(part) for part in error["loc"] if not isinstance(part, int)]
        if "columns" in path[2:]:
            # A column is one of four shapes, and each shape complains: one line is enough.
            place = ".".join(path[: path.index("columns", 2) + 2])
            if place not in columns:
                columns.add(place)
                yield (
                    f'{place}: write a column name, {{sql: "…"}} (in quotes when it holds a '
                    "comma), {value: …} or null"
                )
            continue
        place = ".".join(path)
        if error["type"] == "extra_forbidden":
            known = SETTINGS["mapping" if len(path) == 1 else "entry"]
            if "lookups" in path[2:]:
                known = SETTINGS["lookup"]
            yield f"{place}: unknown setting '{path[-1]}'{suggestion(path[-1], known)}"
        elif error["type"] == "missing":
            yield f"{place}: '{path[-1]}' is missing"
        else:
            yield f"{place}: {error['msg']} (found {str(error['input'])[:60]!r})"


def _unknown_names(mapping: Mapping, spec: SourceSpec) -> Iterable[str]:
    for entity in mapping.delivery:
        table = spec.tables.get(entity)
        if table is None:
            yield f"delivery.{entity}: unknown entity{suggestion(entity, spec.tables)}"
        elif table.delivery is None and mapping.delivery[entity] == FULL:
            yield f"delivery.{entity}: what happened does not vanish; leave it out"
    for entity, entries in mapping.files.items():
        table = spec.tables.get(entity)
        if table is None:
            yield f"files.{entity}: unknown entity{suggestion(entity, spec.tables)}"
            continue
        for entry in entries:
            for column in entry.columns:
                if column not in table.columns:
                    hint = suggestion(column, table.columns)
                    yield f"files.{entity}.columns: unknown column '{column}'{hint}"
