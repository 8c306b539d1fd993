"""A home: the one folder that holds everything of one company.

Exports, warehouse, published files and the state of the tools live below it, so that several
companies stay apart by having several homes (`CSW_HOME`). `company.yml` says everything about the
company; `home.json` remembers whose home it is, and all there is to know about the demo or about a
folder of files that was named on the command line.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Collection
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Self

from orchestration.company import (
    COMPANY_FILE,
    DOMAINS,
    FILES,
    ApiRoad,
    Company,
    FilesRoad,
    LandedRoad,
    Road,
    Schedule,
)
from orchestration.errors import ExplainedError
from orchestration.loads.landed import API, Landed
from orchestration.project import project_root
from orchestration.settings_file import SettingsFile, SettingsFileError
from orchestration.state import parse_json, write_json

DEMO_COMPANY = "demo"
DEFAULT_HOME = "data"
TIME_ZONE_VARIABLE = "CSW_TIMEZONE"
COMPANY = "company"
DEMO_SOURCES: dict[str, list[str]] = {
    "crm": ["salesforce"],
    "billing": ["stripe"],
    "product": ["segment"],
    "support": ["zendesk"],
    "feedback": ["delighted"],
}
# What only company.yml says.
OF_COMPANY_FILE = ("roads", "systems")
# They hold personal data: only the user whom the home belongs to sees into them.
PRIVATE_FOLDERS = ("api", "dagster", "dbt", "dlt", "exports", "ledger", "parked", "runs")
# Settings of a mapping that are dbt vars of the same name.
MAPPED_VARS = ("reporting_currency", "end_dates")
SHOWN_STRANGERS = 5
FILES_SOURCES: dict[str, list[str]] = {domain: ["files"] for domain in DOMAINS}


class HomeError(ExplainedError):
    """The request does not fit the home; the text names the remedy."""


@dataclass(frozen=True)
class HomeConfig:
    """Whose home it is, and where its data come from: what `company.yml` and `home.json` say.

    Attributes:
        company: The company's name; a home belongs to one.
        source: `demo`, `files` for a folder of delivered files, `company` where company.yml speaks.
        folder: The folder the files come from; none for the demo.
        mapping: The mapping file, if one was named.
        scale: The demo's size; 1 is about 400 accounts.
        seed: The demo's random seed.
        demo_until: The day up to which the demo's exports reach.
        sources: The vendors that are switched on, by domain.
        folders: Where a vendor's exports are, when not in `exports/<vendor>`.
        vars: dbt vars of this home that differ from `dbt_project.yml`.
        roads: By which road each system's data come, where company.yml says so.
        systems: The systems of each domain as company.yml names them: those without models of
            their own, too, which `sources` has as `files`.
    """

    company: str = DEMO_COMPANY
    source: str = "demo"
    folder: str | None = None
    mapping: str | None = None
    scale: float = 1.0
    seed: int | None = None
    demo_until: str | None = None
    sources: dict[str, list[str]] = field(default_factory=lambda: dict(DEMO_SOURCES))
    folders: dict[str, str] = field(default_factory=dict)
    vars: dict[str, Any] = field(default_factory=dict)
    roads: dict[str, Road] = field(default_factory=dict)
    systems: dict[str, list[str]] = field(default_factory=dict)

    @property
    def is_demo(self) -> bool:
        """Whether this is the simulated company."""
        return self.source == "demo"

    @property
    def vendors(self) -> list[str]:
        """The enabled source systems, each once, in the order of the domains."""
        named = [vendor for domain in self.sources.values() for vendor in domain]
        return list(dict.fromkeys(named))

    def domains_of(self, system: str) -> frozenset[str]:
        """The domains that a system speaks for."""
        named = self.systems or self.sources
        return frozenset(domain for domain, systems in named.items() if system in systems)


class Home:
    """The paths of one home, and its `home.json`."""

    def __init__(self, path: Path) -> None:
        """Take the folder; nothing is created or read yet."""
        self.path = path.expanduser().absolute()

    @classmethod
    def resolve(cls, path: str | Path | None = None) -> Self:
        """Return the home that is meant: the argument, `CSW_HOME`, or `data/` of the project."""
        chosen = path or os.environ.get("CSW_HOME")
        return cls(Path(chosen) if chosen else project_root() / DEFAULT_HOME)

    def __repr__(self) -> str:
        """Show the folder."""
        return f"Home({str(self.path)!r})"

    @property
    def file(self) -> Path:
        """`home.json`."""
        return self.path / "home.json"

    @property
    def company_file(self) -> Path:
        """`company.yml`: what the company says about itself."""
        return self.path / COMPANY_FILE

    @property
    def company(self) -> Company | None:
        """What `company.yml` says; none where there is no such file.

        Raises:
            HomeError: The file says something wrong; the text names each line.
        """
        if not self.company_file.is_file():
            return None
        try:
            return Company.read(self.company_file)
        except SettingsFileError as problem:
            raise HomeError(str(problem)) from problem

    @property
    def schedule(self) -> Schedule:
        """When the daily refresh runs: as company.yml says, else at 06:00 of `CSW_TIMEZONE`."""
        if company := self.company:
            return company.schedule
        return Schedule(time_zone=os.environ.get(TIME_ZONE_VARIABLE) or "UTC")

    @property
    def exports(self) -> Path:
        """The demo company's vendor exports."""
        return self.path / "exports"

    @property
    def warehouse(self) -> Path:
        """The DuckDB file with one writer."""
        return self.path / "warehouse.duckdb"

    @property
    def published(self) -> Path:
        """What BI reads."""
        return self.path / "published"

    @property
    def runs(self) -> Path:
        """One folder per refresh: its log and its record."""
        return self.path / "runs"

    @property
    def dagster(self) -> Path:
        """DAGSTER_HOME."""
        return self.path / "dagster"

    @property
    def dlt(self) -> Path:
        """The dlt pipelines' working folder."""
        return self.path / "dlt"

    @property
    def dbt_target(self) -> Path:
        """The target folder of dbt: manifest, partial parse, compiled SQL, run results."""
        return self.path / "dbt" / "target"

    @property
    def dbt_logs(self) -> Path:
        """The log folder of dbt."""
        return self.path / "dbt" / "logs"

    @property
    def lock_file(self) -> Path:
        """The file whose lock makes a refresh the only writer."""
        return self.path / ".lock"

    def exists(self) -> bool:
        """Whether the home belongs to a company already."""
        return self.file.is_file()

    def create(self) -> None:
        """Make the folders; an existing home is left as it is."""
        if "'" in str(self.path):
            # dlt puts the path into SQL as it is.
            raise HomeError(f"The path of a home may not hold an apostrophe: {self.path}")
        for folder in (
            self.path,
            self.dagster,
            self.dlt,
            self.dbt_target,
            self.dbt_logs,
            self.runs,
        ):
            folder.mkdir(parents=True, exist_ok=True)
        for name in PRIVATE_FOLDERS:
            if (self.path / name).is_dir():
                (self.path / name).chmod(0o700)
        for file in self.path.glob(f"{self.warehouse.name}*"):
            # Beside it: its log, which another process may take away, and the folder it spills to.
            with suppress(FileNotFoundError):
                file.chmod(0o700 if file.is_dir() else 0o600)

    def read(self) -> HomeConfig:
        """Return what company.yml says, else `home.json`, else the demo's settings (a new home).

        Raises:
            HomeError: company.yml says something wrong, or was there and is not any more.
        """
        company = self.company
        if company:
            return self._as_config(company)
        remembered = self.remembered()
        if remembered.source == COMPANY:
            raise HomeError(
                f"{self.path} belongs to {remembered.company}, and its {COMPANY_FILE} is not there "
                "any more. Put it back, or write it anew with `csw init`."
            )
        return remembered

    def _as_config(self, company: Company) -> HomeConfig:
        folders = {
            system: str(self.at(road.folder))
            for system, road in company.systems.items()
            if isinstance(road, FilesRoad)
        }
        files = company.systems.get(FILES)
        mapping = files.mapping if isinstance(files, FilesRoad) else None
        return HomeConfig(
            company=company.company,
            source=COMPANY,
            folder=folders.get(FILES),
            mapping=str(self.at(mapping)) if mapping else None,
            sources=company.sources,
            folders=folders,
            vars=company.own_vars,
            roads=dict(company.systems),
            systems={domain: list(named) for domain, named in company.domains.items()},
        )

    def landed(self, system: str, road: LandedRoad | ApiRoad) -> Landed:
        """Where company.yml says that another loader landed a system, or where it is fetched to."""
        if isinstance(road, ApiRoad):
            return Landed.of(API, self.source_folder(system), system, columns=road.columns)
        database = road.database if road.is_elsewhere else self.at(road.database)
        return Landed.of(road.loader, database, road.db_schema, road.tables, road.columns)

    def at(self, path: str) -> Path:
        """Return a path of company.yml: what is not absolute begins at the home."""
        return (self.path / Path(path).expanduser()).absolute()

    def remembered(self) -> HomeConfig:
        """Return `home.json`, or the demo's settings for a home that is new."""
        if not self.exists():
            return HomeConfig()
        try:
            content = parse_json(self.file)
        except ValueError as error:
            # Not as a new home: it would take another company in, or become the demo.
            raise HomeError(
                f"{self.file}, which says whose home this is, cannot be read ({error}). Put it "
                "back from a backup, or move the folder away to start anew."
            ) from error
        known = {name: content[name] for name in HomeConfig.__dataclass_fields__ if name in content}
        return HomeConfig(**known)

    def write(self, config: HomeConfig) -> None:
        """Replace `home.json`."""
        self.path.mkdir(parents=True, exist_ok=True)
        content = {
            name: value for name, value in asdict(config).items() if name not in OF_COMPANY_FILE
        }
        write_json(self.file, content)

    def source_folder(self, vendor: str) -> Path:
        """Return the folder a vendor's exports are read from."""
        config = self.read()
        if vendor in config.folders:
            return Path(config.folders[vendor])
        if vendor in config.roads:
            return self.path / "api" / vendor
        if not config.is_demo and config.folder:
            return Path(config.folder)
        return self.exports / vendor

    @property
    def mapping_file(self) -> Path | None:
        """The mapping of the home's files: the one that was named, else the one beside them."""
        config = self.read()
        if FILES not in config.vendors:
            return None
        if config.mapping:
            return Path(config.mapping)
        beside = self.source_folder(FILES) / "mapping.yml"
        return beside if beside.is_file() else None

    @property
    def settings_stamp(self) -> str:
        """A hash of what a person sets: company.yml and the mapping."""
        digest = hashlib.sha256()
        for file in (self.company_file, self.mapping_file):
            digest.update(file.read_bytes() if file and file.is_file() else b"\0")
        return digest.hexdigest()

    @property
    def own_vars(self) -> dict[str, Any]:
        """The dbt vars of this home: those of its mapping, and the company's own before them."""
        said = mapping_settings(self.mapping_file)
        mapped = {name: said[name] for name in MAPPED_VARS if name in said}
        return {**mapped, **self.read().vars}

    @property
    def fixed_as_of(self) -> date | None:
        """The as-of day that company.yml names, else the mapping; none if neither does."""
        company = self.company
        if company and company.as_of:
            return company.as_of if isinstance(company.as_of, date) else None
        try:
            return date.fromisoformat(str(mapping_settings(self.mapping_file).get("as_of")))
        except ValueError:
            return None

    def vars_overrides(self, defaults: dict[str, Any]) -> dict[str, Any]:
        """Return the dbt vars of this home that differ from the project's."""
        wanted = {"sources": self.read().sources, **self.own_vars}
        return {name: value for name, value in wanted.items() if defaults.get(name) != value}


@dataclass(frozen=True)
class Claim:
    """The outcome of asking for a home: its settings, and what the user should be told."""

    config: HomeConfig
    notes: list[str] = field(default_factory=list)


def mapping_settings(mapping: Path | None) -> dict[str, Any]:
    """Return what a mapping says beside its files; nothing where it cannot be read.

    The load reads the whole of it and says what is wrong with it.
    """
    if mapping is None or not mapping.is_file():
        return {}
    try:
        content = SettingsFile(mapping).content
    except SettingsFileError:
        return {}
    said = {name: value for name, value in content.items() if name != "files" and value}
    if "reporting_currency" in said:
        said["reporting_currency"] = str(said["reporting_currency"]).strip().upper()
    return said


def company_name(folder: Path, mapping: Path | None) -> str:
    """Return the company of a folder: the mapping's `company`, else the folder's name."""
    return str(mapping_settings(mapping).get("company") or folder.name)


def claim(
    home: Home,
    *,
    source: Path | None = None,
    mapping: Path | None = None,
    scale: float | None = None,
    seed: int | None = None,
    same_company: bool = False,
) -> Claim:
    """Decide whose home this is for a refresh, and write `home.json`.

    Where there is a company.yml, it says everything. Else no source continues the home's company,
    or starts the demo in a new home, and a source folder makes the home that company's: a demo that
    lived there is moved aside, another real company is never mixed in.
    """
    if company := home.company:
        asked = {"source": source, "mapping": mapping, "scale": scale, "seed": seed}
        return _take_company(home, company, asked, same_company=same_company)
    if source is None:
        return _continue(home, mapping=mapping, scale=scale, seed=seed)
    return _take_folder(home, source=source, mapping=mapping, same_company=same_company)


def _take_company(
    home: Home, company: Company, asked: dict[str, Any], *, same_company: bool
) -> Claim:
    """Make the home that of its company.yml."""
    for name, value in asked.items():
        if value is not None:
            raise HomeError(
                f"--{name} is for a home without a company.yml. {home.company_file} says where "
                f"the data of {company.company} are: change it there (systems)."
            )
    config = home.read()
    remembered = home.remembered()
    lives_a_demo = home.exists() and remembered.is_demo
    if home.exists() and not lives_a_demo and not same_company:
        _refuse_other_company(home, company)
    # Everything is judged before anything is moved.
    _refuse_missing_folders(home, config)
    _refuse_two_currencies(home, company)
    notes = []
    if lives_a_demo:
        named = [home.at(path) for path in company.paths]
        kept = {path.relative_to(home.path).parts[0] for path in named if home.path in path.parents}
        if home.exports.name in kept:
            raise HomeError(
                f"{home.exports} holds the exports of the demo that lives in {home.path}. Put "
                f"{company.company}'s files elsewhere, and name that in {home.company_file}."
            )
        notes.append(_park_with_note(home, kept))
    home.create()
    home.write(HomeConfig(company=company.company, source=COMPANY, sources={}))
    return Claim(config, notes)


def require_claimed(home: Home) -> None:
    """See that a home is its company's, for a run that may not make it so (Dagster).

    Raises:
        HomeError: A demo or another company lives in it, or what company.yml names is not there.
    """
    company = home.company
    if company is None:
        _refuse_demo_among_others(home)
        home.read()
        return
    if not home.exists() or home.remembered().is_demo:
        raise HomeError(
            f"{home.path} is not {company.company}'s yet: run `csw refresh` once. It moves a demo "
            "that lives there aside."
        )
    _refuse_other_company(home, company)
    _refuse_missing_folders(home, home.read())
    _refuse_two_currencies(home, company)


def _refuse_other_company(home: Home, company: Company) -> None:
    remembered = home.remembered()
    if remembered.company != company.company:
        raise HomeError(
            f"{home.path} belongs to {remembered.company}; its company.yml is "
            f"{company.company}'s. Two companies never share a home: put the file into a folder of "
            "its own and name that with CSW_HOME. If the company has another name now, run "
            "`csw refresh --same-company`."
        )


def _refuse_missing_folders(home: Home, config: HomeConfig) -> None:
    for system, folder in config.folders.items():
        if not Path(folder).is_dir():
            raise HomeError(
                f"{home.company_file}: systems.{system}.folder: {folder} is not a folder."
            )


def _refuse_two_currencies(home: Home, company: Company) -> None:
    mapped = mapping_settings(home.mapping_file).get("reporting_currency")
    said = company.reporting_currency
    if mapped and said and mapped != said:
        raise HomeError(
            f"{home.company_file} says reporting_currency: {said}, {home.mapping_file} says "
            f"{mapped}. Take it out of one of them."
        )


def _refuse_demo_among_others(home: Home) -> None:
    """See that a folder which nobody has claimed holds nothing: the demo goes nowhere else.

    Tables that another loader landed there, or files of a company, are somebody's: they want a
    company.yml.
    """
    if home.exists() or home.company_file.exists() or not home.path.is_dir():
        return
    ours = {"dagster", "dbt", "dlt", "runs", "parked"}
    strangers = sorted(
        path.name
        for path in home.path.iterdir()
        if path.name not in ours and not path.name.startswith(".")
    )
    if strangers:
        listed = ", ".join(strangers[:SHOWN_STRANGERS])
        more = " and more" if strangers[SHOWN_STRANGERS:] else ""
        raise HomeError(
            f"{home.path} belongs to nobody yet, and holds {listed}{more}. The demo company is not "
            "put beside what is there. If these are your data: `csw init` writes company.yml. For "
            "the demo: CSW_HOME=<a new folder>."
        )


def _continue(home: Home, *, mapping: Path | None, scale: float | None, seed: int | None) -> Claim:
    _refuse_demo_among_others(home)
    config = home.read()
    notes = []
    if not home.exists():
        config = replace(config, scale=scale or config.scale, seed=seed)
        notes.append(
            "Nothing is named to load, so this new home becomes a made-up company's. For your own: "
            "csw init."
        )
    elif config.is_demo:
        _refuse_other_demo(home, config, scale=scale, seed=seed)
    if mapping is not None:
        if config.is_demo:
            raise HomeError("A mapping belongs to a folder of files: name it with SOURCE=<folder>.")
        config = replace(config, mapping=str(mapping.absolute()))
    if not config.is_demo and config.folder and not Path(config.folder).is_dir():
        raise HomeError(
            f"{config.company}'s folder {config.folder} is not there any more. "
            "Name the new one with SOURCE=<folder>."
        )
    home.create()
    home.write(config)
    return Claim(config, notes)


def _refuse_other_demo(
    home: Home, config: HomeConfig, *, scale: float | None, seed: int | None
) -> None:
    """A demo of another size or seed is another company: its days do not continue this one."""
    other_scale = scale is not None and scale != config.scale
    other_seed = seed is not None and seed != config.seed
    if config.demo_until and (other_scale or other_seed):
        raise HomeError(
            f"{home.path} holds a demo company of scale {config.scale:g}"
            + (f" and seed {config.seed}" if config.seed is not None else "")
            + ". Another one needs a home of its own: set CSW_HOME=<another folder>, "
            "or remove this folder."
        )


def _take_folder(home: Home, *, source: Path, mapping: Path | None, same_company: bool) -> Claim:
    folder = source.expanduser().absolute()
    if not folder.is_dir():
        raise HomeError(f"SOURCE is to be a folder of files; {folder} is not one.")
    chosen_mapping = _mapping_for(folder, mapping)
    config = home.read()
    company = company_name(folder, chosen_mapping)
    notes = []
    if home.exists() and config.is_demo:
        notes.append(_park_with_note(home))
        config = HomeConfig()
    elif home.exists() and config.company != company and not same_company:
        raise HomeError(
            f"{home.path} belongs to {config.company}; {folder} is {company}'s. Two companies "
            f"never share a home: run again with CSW_HOME=<another folder>. If {company} is "
            f"{config.company} under another name, add --same-company."
        )
    elif home.exists():
        company = config.company
    config = replace(
        config,
        company=company,
        source="files",
        folder=str(folder),
        mapping=str(chosen_mapping) if chosen_mapping else config.mapping,
        demo_until=None,
        sources=dict(FILES_SOURCES) if config.is_demo else config.sources,
    )
    home.create()
    home.write(config)
    return Claim(config, notes)


def _mapping_for(folder: Path, mapping: Path | None) -> Path | None:
    """Return the mapping named, else `mapping.yml` of the folder, else none."""
    if mapping is not None:
        chosen = mapping.expanduser().absolute()
        if not chosen.is_file():
            raise HomeError(f"The mapping file {chosen} does not exist.")
        return chosen
    beside = folder / "mapping.yml"
    return beside if beside.is_file() else None


def _park_with_note(home: Home, kept: Collection[str] = ()) -> str:
    parked = park_demo(home, kept)
    return (
        f"The demo company that lived in {home.path} was moved to {parked}; "
        "that folder is a home of its own now: CSW_HOME=<it>."
    )


def park_demo(home: Home, kept: Collection[str] = ()) -> Path:
    """Move all of the demo's home aside but what is kept, and return the folder it is in now."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    parked = home.path / "parked" / f"demo-{stamp}"
    parked.mkdir(parents=True, exist_ok=True)
    kept_in_place = {"parked", home.lock_file.name, COMPANY_FILE, *kept}
    # Whose home it is goes last: after a kill the next command moves the rest.
    for item in sorted(home.path.iterdir(), key=lambda path: (path == home.file, path)):
        if item.name not in kept_in_place:
            shutil.move(str(item), str(parked / item.name))
    return parked
