"""``mapping.yml``: how files with other names and shapes become the ``files`` entities."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationError,
    model_validator,
)

from orchestration.loads.model import LoadError
from orchestration.loads.setting_types import Currency, as_list
from orchestration.loads.settings import FileSettings
from orchestration.loads.spec import FULL, SourceSpec, source_spec
from orchestration.loads.vocabulary import fold
from orchestration.settings_file import Place, SettingsFile, SettingsFileError, suggestion


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class Expression(_Strict):
    """A column computed from the columns of the file and its lookups."""

    sql: str


class Constant(_Strict):
    """A column with the same value in every row."""

    value: str | bool | int | float | date


class Taken(_Strict):
    """A column of the file whose cells hold JSON, or words that mean others.

    Attributes:
        source: The column.
        path: Where in the JSON the value is: ``$.plan.name``.
        values: What each word means; case, blanks and hyphens do not matter.
        otherwise: What every other word means; without it such a row is rejected.
    """

    source: str = Field(alias="from")
    path: Annotated[str, Field(pattern=r"^\$")] | None = None
    values: dict[str, str | None] | None = None
    otherwise: str | None = Field(default=None, alias="else")

    @model_validator(mode="before")
    @classmethod
    def _as_words(cls, raw: object) -> object:
        """Numbers and booleans among the words are words."""
        if isinstance(raw, dict) and isinstance(raw.get("values"), dict):
            words = {_word(key): _word(value) for key, value in raw["values"].items()}
            raw = {**raw, "values": words}
        if isinstance(raw, dict) and "else" in raw:
            raw = {**raw, "else": _word(raw["else"])}
        return raw

    @model_validator(mode="after")
    def _words_once(self) -> Self:
        seen: dict[str, str | None] = {}
        for word, value in (self.values or {}).items():
            if seen.setdefault(fold(word), value) != value:
                raise ValueError(f"'{word}' stands twice among values, with two meanings")
        if self.values is None and self.has_else:
            raise ValueError("else needs values")
        return self

    @property
    def has_else(self) -> bool:
        """Whether words that are not listed have a meaning too."""
        return "otherwise" in self.model_fields_set


def _word(value: object) -> object:
    if isinstance(value, bool):
        return str(value).lower()
    return value if value is None or isinstance(value, str) else str(value)


def _shape(value: object) -> str | None:
    """Which of its shapes a column of a mapping has."""
    if value is None or isinstance(value, str):
        return "empty" if value is None else "name"
    tags = {Taken: "taken", Expression: "expression", Constant: "constant"}
    if type(value) in tags:
        return tags[type(value)]
    if isinstance(value, dict):
        keys = ("from", "taken"), ("sql", "expression"), ("value", "constant")
        return next((tag for key, tag in keys if key in value), None)
    return None


Column = Annotated[
    Annotated[str, Tag("name")]
    | Annotated[Taken, Tag("taken")]
    | Annotated[Expression, Tag("expression")]
    | Annotated[Constant, Tag("constant")]
    | Annotated[None, Tag("empty")],
    Discriminator(
        _shape,
        custom_error_type="shape",
        custom_error_message=(
            'write a column name, {from: column, values: {…}}, {sql: "…"} (in quotes when it holds'
            " a comma), {value: …} or null"
        ),
    ),
]


class Lookup(FileSettings):
    """Another file, joined by equal columns; at most one row of it fits a row."""

    source: str = Field(alias="from")
    on: str | dict[str, str]

    @property
    def pairs(self) -> dict[str, str]:
        """Column of the file by column of the lookup, the other way round."""
        return {self.on: self.on} if isinstance(self.on, str) else self.on


class Entry(FileSettings):
    """One file (or several of one shape) read for one entity.

    Attributes:
        source: Path, folder or pattern of the file.
        where: Condition of the rows that are read.
        distinct: True: rows that give the same are one; columns: of the rows that are alike in
            them, the first is read.
        group_by: Columns; the rows that are alike in them give one row, whose columns may be
            aggregates and else are those of its first line.
        lookups: Other files, by the name they are called in the columns.
        columns: Where each of our columns comes from.
    """

    source: str = Field(alias="from")
    where: str | None = None
    distinct: bool | Annotated[list[str], BeforeValidator(as_list)] = False
    group_by: Annotated[list[str], BeforeValidator(as_list)] = Field(default_factory=list)
    lookups: dict[str, Lookup] = Field(default_factory=dict)
    columns: dict[str, Column] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.distinct and self.group_by:
            raise ValueError("distinct and group_by both make one row of several: say one of them")
        return self


Entries = Annotated[list[Entry], BeforeValidator(as_list)]


class Mapping(_Strict):
    """The whole file.

    Attributes:
        version: Version of the mapping's format.
        company: Name of the company, shown in the summary.
        as_of: The day to report as of, unless the command says otherwise.
        reporting_currency: The currency to report in.
        end_dates: Whether an end is the first day without (exclusive) or the last day with.
        delivery: How a table is delivered, where not as it is declared.
        reading: How files are read whose entry says nothing else.
        files: What is read for each entity; files that have an entity's name need no mapping.
    """

    version: Literal[1]
    company: str | None = None
    as_of: date | None = None
    reporting_currency: Currency | None = None
    end_dates: Literal["exclusive", "inclusive"] = "exclusive"
    delivery: dict[str, Literal["full", "increment"]] = Field(default_factory=dict)
    reading: FileSettings = Field(default_factory=FileSettings)
    files: dict[str, Entries] = Field(default_factory=dict)


def read_mapping(path: Path, spec: SourceSpec | None = None) -> Mapping:
    """Read and check a mapping file, as far as that goes without the data.

    Raises:
        LoadError: The file is absent, is not YAML or says something unknown; the text names
            every place.
    """
    spec = spec or source_spec("files")
    try:
        file = SettingsFile(path)
        faults = []
        try:
            mapping = Mapping.model_validate(file.content)
        except ValidationError as problem:
            faults = file.faults(problem, _keys_at)
        else:
            said = [*_unknown_names(mapping, spec), *_clashes(mapping)]
            faults = [file.fault(place, text) for place, text in said]
    except SettingsFileError as problem:
        raise LoadError(str(problem)) from problem
    if faults:
        raise LoadError("the mapping has errors:\n" + "\n".join(f"- {line}" for line in faults))
    return mapping


def _keys_at(place: Place) -> Iterable[str]:
    """The settings there are at a place of the mapping."""
    names = [part for part in place if isinstance(part, str)]
    model: type[BaseModel] = Mapping
    match names:
        case ["reading"]:
            model = FileSettings
        case ["files", _]:
            model = Entry
        case ["files", _, "lookups", _]:
            model = Lookup
        case ["files", _, "columns", _]:
            model = Taken
    own_first = sorted(model.model_fields, key=lambda name: name not in model.__annotations__)
    return [model.model_fields[name].alias or name for name in own_first]


def _clashes(mapping: Mapping) -> Iterable[tuple[Place, str]]:
    """Settings that cannot be together; those of an entry with what it inherits."""
    settings: dict[Place, FileSettings] = {("reading",): mapping.reading}
    for entity, entries in mapping.files.items():
        for number, entry in enumerate(entries):
            place: Place = ("files", entity, number) if len(entries) > 1 else ("files", entity)
            settings[place] = entry.over(mapping.reading)
            for alias, lookup in entry.lookups.items():
                settings[*place, "lookups", alias] = lookup.over(mapping.reading)
    for place, reading in settings.items():
        # What an entry merely inherits is told once.
        if reading.clash and (place == ("reading",) or not mapping.reading.clash):
            yield place, reading.clash


def _unknown_names(mapping: Mapping, spec: SourceSpec) -> Iterable[tuple[Place, str]]:
    for entity in mapping.delivery:
        table = spec.tables.get(entity)
        if table is None:
            yield ("delivery", entity), f"unknown entity{suggestion(entity, spec.tables)}"
        elif table.delivery is None and mapping.delivery[entity] == FULL:
            yield ("delivery", entity), "what happened does not vanish; leave it out"
    for entity, entries in mapping.files.items():
        table = spec.tables.get(entity)
        if table is None:
            yield ("files", entity), f"unknown entity{suggestion(entity, spec.tables)}"
            continue
        for entry in entries:
            for column in entry.columns:
                if column not in table.columns:
                    hint = suggestion(column, table.columns)
                    place = ("files", entity, "columns", column)
                    yield place, f"unknown column '{column}'{hint}"
