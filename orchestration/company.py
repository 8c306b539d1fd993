"""``company.yml``: everything about a company in one file of its home.

It says who the company is, which system speaks for which domain, by which road each system's data
come, and what the company's metrics count. dbt, Dagster and every command read it through the home.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
)

from orchestration.loads.adapters import adapter_names, filled_tables
from orchestration.loads.landed import API, is_elsewhere
from orchestration.loads.setting_types import Currency, TimeZone, as_list
from orchestration.loads.spec import source_names, source_spec
from orchestration.policies import Policies
from orchestration.settings_file import Place, SettingsFile, SettingsFileError, suggestion

COMPANY_FILE = "company.yml"
FILES = "files"
ENVIRONMENT, SECRET_FILE = "env:", "file:"
LAST_COMPLETE_DAY = "last_complete_day"
Domain = Literal["crm", "billing", "product", "support", "feedback"]
DOMAINS: tuple[str, ...] = get_args(Domain)
Loader = Literal["fivetran", "airbyte", "dlt"]
LOADERS: tuple[str, ...] = get_args(Loader)


def _secret(value: str) -> str:
    if not value.startswith((ENVIRONMENT, SECRET_FILE)) or not value.partition(":")[2]:
        raise ValueError(
            "a secret is not written here: name where it is, env:<VARIABLE> or file:<path>"
        )
    return value


def _day(value: object) -> date | str:
    """The day of the figures, or the word for the last complete one."""
    if value == LAST_COMPLETE_DAY:
        return LAST_COMPLETE_DAY
    try:
        return date.fromisoformat(str(value))
    except ValueError as problem:
        raise ValueError(
            f"'{value}' is neither {LAST_COMPLETE_DAY} nor a day such as 2026-01-31"
        ) from problem


def _empty_is_none_set(value: object) -> object:
    return {} if value is None else value


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FilesRoad(_Strict):
    """Export files in a folder: of the `files` entities, or in a vendor's own shape."""

    road: Literal["files"]
    folder: str
    mapping: str | None = None


class LandedRoad(_Strict):
    """Tables that another loader keeps in a database; they are only ever read."""

    road: Literal["landed"]
    loader: Loader
    database: str = Field(repr=False)
    db_schema: str = Field(alias="schema")
    tables: dict[str, str] = Field(default_factory=dict)
    columns: dict[str, dict[str, str]] = Field(default_factory=dict)

    @property
    def is_elsewhere(self) -> bool:
        """Whether the database is no file here."""
        return is_elsewhere(self.database)


class ApiRoad(_Strict):
    """The system's own API."""

    road: Literal["api"]
    credentials: dict[str, Annotated[str, AfterValidator(_secret)]]
    start: date | None = None
    base_url: str | None = None
    options: dict[str, str | int | bool] = Field(default_factory=dict)
    columns: dict[str, dict[str, str]] = Field(default_factory=dict)


Road = Annotated[FilesRoad | LandedRoad | ApiRoad, Field(discriminator="road")]
ROADS: dict[str, type[FilesRoad] | type[LandedRoad] | type[ApiRoad]] = {
    "files": FilesRoad,
    "landed": LandedRoad,
    "api": ApiRoad,
}


class Schedule(_Strict):
    """When the refresh runs: daily, and when a delivery is whole.

    Attributes:
        at: Time of the daily refresh.
        time_zone: Of that time.
        on: Whether it runs as soon as Dagster does.
        marker: The file that whoever delivers writes last; hidden from the loader by its first
            letter, as `_SUCCESS` is.
    """

    at: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = "06:00"
    time_zone: TimeZone = "UTC"
    on: bool = False
    marker: Annotated[str, Field(pattern=r"^[_.][^/\\]+$")] | None = None


class Company(_Strict):
    """What `company.yml` says.

    Attributes:
        version: Version of the file's format.
        company: The company's name; a home belongs to one.
        reporting_currency: What all money is shown in; none: the mapping's, else the project's.
        as_of: The day of the figures, or the last complete one; none: what the mapping says.
        domains: The systems that speak for each domain.
        systems: By which road each system's data come.
        schedule: When the daily refresh runs.
        policies: What the metrics count.
    """

    version: Literal[1]
    company: Annotated[str, Field(min_length=1)]
    reporting_currency: Currency | None = None
    as_of: Annotated[date | Literal["last_complete_day"], BeforeValidator(_day)] | None = None
    domains: dict[Domain, Annotated[list[str], BeforeValidator(as_list)]]
    systems: dict[str, Road]
    schedule: Annotated[Schedule, BeforeValidator(_empty_is_none_set)] = Schedule()
    policies: Annotated[Policies, BeforeValidator(_empty_is_none_set)] = Policies()

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read and check a company's file.

        Raises:
            SettingsFileError: It cannot be read or says something wrong; the text names file, line
                and setting of each fault.
        """
        file = SettingsFile(path)
        try:
            company = cls.model_validate(file.content)
        except ValidationError as problem:
            found = file.faults(problem, lambda place: _keys_at(file.content, place), "systems")
            raise SettingsFileError("\n".join(found)) from problem
        if found := list(_faults(company, file)):
            raise SettingsFileError("\n".join(found))
        return company

    @property
    def paths(self) -> list[str]:
        """All paths that the file names."""
        named: list[str | None] = []
        for road in self.systems.values():
            if isinstance(road, FilesRoad):
                named += [road.folder, road.mapping]
            elif isinstance(road, LandedRoad) and not road.is_elsewhere:
                named.append(road.database)
            elif isinstance(road, ApiRoad):
                secrets = [text.partition(":") for text in road.credentials.values()]
                named += [path for kind, _, path in secrets if f"{kind}:" == SECRET_FILE]
        return [path for path in named if path]

    @property
    def sources(self) -> dict[str, list[str]]:
        """The sources of every domain, as the dbt models ask for them."""
        return {
            domain: list(
                dict.fromkeys(source_of(system) for system in self.domains.get(domain, []))
            )
            for domain in DOMAINS
        }

    @property
    def own_vars(self) -> dict[str, Any]:
        """The dbt vars that the file sets."""
        said: dict[str, Any] = self.policies.model_dump(mode="json", exclude_none=True)
        if self.reporting_currency:
            said["reporting_currency"] = self.reporting_currency
        return said


def _keys_at(content: dict[str, Any], place: Place) -> Iterable[str]:
    """The settings there are at a place of the file."""
    match place:
        case ():
            return Company.model_fields
        case ("policies",):
            return Policies.model_fields
        case ("schedule",):
            return Schedule.model_fields
        case ("systems", name):
            road = ROADS.get((content["systems"][name] or {}).get("road"))
            return [field.alias or key for key, field in road.model_fields.items()] if road else []
    return DOMAINS if place[0] == "domains" else ()


def _faults(company: Company, file: SettingsFile) -> Iterable[str]:
    """What does not fit together."""
    used = {system for systems in company.domains.values() for system in systems}
    known = system_names()
    for domain, systems in company.domains.items():
        for number, system in enumerate(systems):
            place = ("domains", domain, number)
            if system not in known:
                yield file.fault(place, f"'{system}' is not read yet{suggestion(system, known)}")
            elif domain not in domains_of(system):
                spoken = ", ".join(sorted(domains_of(system)))
                yield file.fault(place, f"{system} does not speak for {domain}, but for {spoken}")
            elif system not in company.systems:
                text = f"say under systems by which road {system}'s data come"
                yield file.fault(place, text)
    for system, road in company.systems.items():
        place = ("systems", system)
        if system not in known:
            yield file.fault(place, f"'{system}' is not read yet{suggestion(system, known)}")
            continue
        if system not in used:
            text = "no domain names it: add it under domains, or take it out here"
            yield file.fault(place, text)
        yield from _road_faults(file, system, road)


def _road_faults(
    file: SettingsFile, system: str, road: FilesRoad | LandedRoad | ApiRoad
) -> Iterable[str]:
    """What is wrong with how a system's data come."""
    place = ("systems", system)
    if isinstance(road, FilesRoad) and road.mapping and system != FILES:
        text = f"a mapping is for the system {FILES}; {system}'s exports have their own shape"
        yield file.fault((*place, "mapping"), text)
    if system == FILES and not isinstance(road, FilesRoad):
        yield file.fault((*place, "road"), "the system files comes by road: files")
    if isinstance(road, LandedRoad):
        yield from _landed_faults(file, system, road)
    elif isinstance(road, ApiRoad) and system in adapter_names()[API]:
        yield from _column_faults(file, system, road.columns)
    elif isinstance(road, ApiRoad) and road.columns:
        text = f"columns are for a system without models of its own; {system} has some"
        yield file.fault((*place, "columns"), text)
    elif source_of(system) != system:
        yield file.fault((*place, "road"), _other_road(system))


def _landed_faults(file: SettingsFile, system: str, road: LandedRoad) -> Iterable[str]:
    vendors = adapter_names().get(road.loader, [])
    if system not in vendors:
        there = ", ".join(vendors) or "nothing yet"
        text = f"what {road.loader} lands of {system} is not read; of {road.loader}: {there}"
        yield file.fault(("systems", system, "loader"), text)
        return
    yield from _column_faults(file, system, road.columns)


def _other_road(system: str) -> str:
    """By which roads a system without exports of a shape of its own comes."""
    by_api = ", or by its API" if system in adapter_names()[API] else ""
    return (
        f"{system} is read as a loader landed it{by_api}; of its exports make tables of {FILES} by "
        "a mapping"
    )


def _column_faults(
    file: SettingsFile, system: str, said: dict[str, dict[str, str]]
) -> Iterable[str]:
    tables = source_spec(source_of(system)).tables
    for table, columns in said.items():
        place = ("systems", system, "columns", table)
        if table not in tables:
            yield file.fault(place, f"{system} has no such table{suggestion(table, tables)}")
            continue
        for column in columns:
            if column not in tables[table].columns:
                hint = suggestion(column, tables[table].columns)
                yield file.fault((*place, column), f"{table} has no such column{hint}")


def system_names() -> list[str]:
    """The systems that can be read."""
    landed = {vendor for vendors in adapter_names().values() for vendor in vendors}
    return sorted({*source_names(), *landed})


def source_of(system: str) -> str:
    """The source whose raw tables a system fills: its own, or `files` for one without models."""
    return system if system in source_names() else next(iter(filled_tables(system)), FILES)


def domains_of(system: str) -> set[str]:
    """The domains that a system can speak for."""
    source = source_of(system)
    tables = source_spec(source).tables
    filled = tables if source == system else filled_tables(system)[source]
    return {tables[name].domain for name in filled} & set(DOMAINS)
