"""A company of a few rows, loaded and built in seconds: the SQL is compiled once, by dbt.

`build` loads the exports with the project's own loader and then runs the compiled models in their
order, straight in DuckDB. Contracts, tests and what dbt does around a table are left out (the demo
company's tests have them); the data tests can be asked for with `Built.failing_tests`.

    built = build(tmp_path, {"files": folder}, as_of="2025-06-30")
    built.rows("select * from facts.fct_account_month")
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb
from filelock import FileLock

from mutation.project import DataTest, Model, Project
from orchestration.home import DOMAINS, FILES_SOURCES, Home, HomeConfig
from orchestration.last_publication import load_last_publication
from orchestration.loads import Landed, LoadError, LoadRequest, load, write_settings
from orchestration.manifest import fingerprint
from orchestration.project import project_root
from tests.python.parsed import run_dbt

AS_OF = "2025-06-30"
RUN_ID = "20250701T060000Z_case"
# What is built unless a test asks for more. Usage and health read the warehouse while they are
# compiled, so they are not among it.
TARGETS = (
    "fct_account_month",
    "fct_arr_movement",
    "fct_arr_line",
    "fct_churn_event",
    "fct_renewal",
    "fct_subscription",
    "fct_contracted_arr_month",
    "fct_ticket",
    "fct_account_support_day",
    "fct_survey_response",
    "mart_arr_tie_out",
    "mart_billings",
    "mart_retention_monthly",
    "mart_arr_bridge_monthly",
    "mart_renewal_monthly",
    "mart_churn_monthly",
    "mart_churn_events",
    "mart_data_gaps",
)
# What reads the warehouse while it is compiled, but is looked into by what is built: no rows.
EMPTY = {
    "fct_account_usage_day": (
        "select '' as account_id, current_date as usage_date, 0 as active_users_28d where false"
    ),
}
Sources = Mapping[str, list[str]]


@dataclass(frozen=True)
class Compiled:
    """The models in the order in which they are built, the data tests, a warehouse of seeds."""

    models: list[Model]
    tests: list[DataTest]
    seeds: Path


@dataclass
class Built:
    """A company that was built.

    Attributes:
        home: Its home.
        connection: The warehouse, open.
        load_errors: What a load could not take in at all, by source.
        compiled: What was built.
    """

    home: Home
    connection: duckdb.DuckDBPyConnection
    load_errors: dict[str, str]
    compiled: Compiled
    built: set[str] = field(default_factory=set)

    def rows(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Ask the warehouse."""
        return self.connection.execute(sql, list(parameters) or None).fetchall()

    def value(self, sql: str, *parameters: object) -> Any:
        """The one value a query gives; none when it gives no row."""
        found = self.rows(sql, *parameters)
        assert len(found) <= 1, found
        return found[0][0] if found else None

    def arr(self, account: str, month: str = "2025-06-01") -> float | None:
        """ARR of an account at the end of a month."""
        return self.value(
            "select cast(closing_arr as double) from facts.fct_account_month"
            " where account_id = ? and month = cast(? as date)",
            account,
            month,
        )

    def movements(self, account: str) -> list[tuple[str, str, float]]:
        """Months of an account in which something moved: month, movement, by how much."""
        return self.rows(
            "select cast(month as varchar), movement, cast(closing_arr - opening_arr as double)"
            " from facts.fct_account_month where account_id = ?"
            " and movement not in ('unchanged', 'none') order by month",
            account,
        )

    def said(self) -> str:
        """Everything that was said: messages, rejects and gaps, one a line, and load errors."""
        lines = [
            " ".join(str(part) for part in row if part is not None)
            for row in self.rows(
                "select severity, source, source_table, source_file, column_name, message"
                " from raw_loads.messages where severity <> 'info'"
            )
        ]
        for (schema,) in self.rows(
            "select schema_name from duckdb_tables() where table_name = 'rejects'"
        ):
            lines += [str(row) for row in self.rows(f'from "{schema}".rejects')]
        if "fct_data_gap" in self.built:
            lines += [
                f"{row[0]} {row[1]} {row[2]} {row[3]}"
                for row in self.rows(
                    "select severity, object_id, gap, what_is_missing from facts.fct_data_gap"
                )
            ]
        return "\n".join([*lines, *self.load_errors.values()])

    def failing_tests(self) -> list[str]:
        """Names of the data tests, of what was built, that find rows."""
        found = []
        for test in self.compiled.tests:
            if test.models <= self.built_ids and self._fails(test):
                found.append(test.name)
        return sorted(found)

    @property
    def built_ids(self) -> set[str]:
        """The unique ids of the models that were built."""
        return {model.unique_id for model in self.compiled.models if model.name in self.built}

    def _fails(self, test: DataTest) -> bool:
        return self.connection.execute(f"select 1 from ({test.sql}) limit 1").fetchone() is not None


def build(
    folder: Path,
    exports: Mapping[str, Path],
    *,
    as_of: str = AS_OF,
    sources: Sources | None = None,
    variables: Mapping[str, Any] | None = None,
    targets: tuple[str, ...] = TARGETS,
    deliveries: int = 1,
    landed: Mapping[str, Landed] | None = None,
) -> Built:
    """Load and build a company.

    Args:
        folder: An empty folder, or the one of an earlier `build`: then the exports are a further
            delivery to the same company.
        exports: Folder of each source system, e.g. `{"files": …, "stripe": …}`.
        as_of: The as-of date.
        sources: Systems by domain; by default `sources_of(exports)`.
        variables: dbt vars that differ from the project's.
        targets: Models to build, with all they stand on.
        deliveries: Number of the delivery; names the run.
        landed: Where another loader landed a system, instead of an export of it.

    Returns:
        The company; a load that fails is told in `load_errors` and does not raise.
    """
    landings = dict(landed or {})
    places = {**exports, **dict.fromkeys(landings, folder)}
    chosen = sources or sources_of(places)
    compiled = compile_project(chosen, as_of, variables or {})
    home = Home(folder)
    config = HomeConfig("case", "files", sources=dict(chosen), vars=dict(variables or {}))
    home.create()
    home.write(config)
    if not home.warehouse.exists():
        shutil.copyfile(compiled.seeds, home.warehouse)
    errors = {}
    for source, place in places.items():
        mapping = place / "mapping.yml"
        request = LoadRequest(
            source=source,
            folder=place,
            warehouse=home.warehouse,
            run_id=f"{RUN_ID}{deliveries}",
            as_of=date.fromisoformat(as_of),
            mapping=mapping if source == "files" and mapping.is_file() else None,
            pipelines_dir=home.dlt,
            landed=landings.get(source),
            domains=frozenset(domain for domain, systems in chosen.items() if source in systems),
        )
        try:
            load(request)
        except LoadError as problem:
            errors[source] = str(problem)
    settings = {"as_of_date": as_of, "run_id": f"{RUN_ID}{deliveries}", "company": "case"}
    write_settings(home.warehouse, settings)
    connection = duckdb.connect(str(home.warehouse))
    connection.execute("set threads = 1; set timezone = 'UTC'; set enable_progress_bar = false")
    built = Built(home, connection, errors, compiled)
    run_models(built, targets)
    return built


def build_case(folder: Path, case: Path, **more: Any) -> Built:
    """Build a case folder: files alone, `crm/` and `stripe/`, or a home with `exports/`."""
    if (case / "home.json").is_file():
        config = json.loads((case / "home.json").read_text(encoding="utf-8"))
        exports = {each.name: each for each in sorted((case / "exports").iterdir())}
        return build(folder, exports, sources=config["sources"], **more)
    if (case / "stripe").is_dir():
        sources = {domain: ["files"] for domain in DOMAINS} | {"billing": ["stripe", "files"]}
        exports = {"files": case / "crm", "stripe": case / "stripe"}
        return build(folder, exports, sources=sources, **more)
    return build(folder, {"files": case}, **more)


def sources_of(exports: Mapping[str, Path]) -> dict[str, list[str]]:
    """Systems by domain: each vendor for its own, files for the rest."""
    domain_of = {
        "salesforce": "crm",
        "stripe": "billing",
        "segment": "product",
        "zendesk": "support",
        "delighted": "feedback",
    }
    found: dict[str, list[str]] = {domain: [] for domain in DOMAINS}
    for vendor in exports:
        if vendor in domain_of:
            found[domain_of[vendor]].append(vendor)
    if "files" in exports:
        found = {domain: vendors or ["files"] for domain, vendors in found.items()}
    return found


def run_models(built: Built, targets: tuple[str, ...]) -> None:
    """Build the targets and all they stand on, anew."""
    models = {model.unique_id: model for model in built.compiled.models}
    wanted = needed(models, targets)
    # What is ephemeral is part of the models that read it.
    tables = {key: model for key, model in models.items() if model.relation and key in wanted}
    for schema in {model.relation.split(".")[1] for model in tables.values()}:
        built.connection.execute(f"create schema if not exists {schema}")
    # One transaction: a disk is asked to keep it once, not once a model.
    built.connection.begin()
    for model in tables.values():
        kind = "view" if model.materialized == "view" else "table"
        sql = EMPTY.get(model.name, model.sql)
        try:
            built.connection.execute(f"create or replace {kind} {model.relation} as {sql}")
        except duckdb.Error as error:
            raise AssertionError(f"{model.name}: {error}") from error
        # A stand-in has not the columns that its tests look at.
        if model.name not in EMPTY:
            built.built.add(model.name)
    built.connection.commit()


def needed(models: Mapping[str, Model], targets: tuple[str, ...]) -> set[str]:
    """Keys of the targets and of all they stand on, up to what is stood in for."""
    found: set[str] = set()
    waiting = [key for key, model in models.items() if model.name in targets]
    while waiting:
        key = waiting.pop()
        if key not in found:
            found.add(key)
            if models[key].name not in EMPTY:
                waiting += [parent for parent in models[key].parents if parent in models]
    return found


@lru_cache(maxsize=16)
def _compiled(sources: str, variables: str) -> Compiled:
    settings = {"as_of_date": AS_OF, **json.loads(variables)}
    home = _home_of(f"{sources} {variables}")
    config = HomeConfig("case", "files", sources=json.loads(sources), vars=settings)
    with _made(home, config) as is_stale:
        if is_stale:
            shutil.rmtree(home.dbt_target / "compiled", ignore_errors=True)
            # What dbt left of an earlier build must not be read while the models are compiled.
            shutil.copyfile(_seeds(), home.warehouse)
            run_dbt(home, "compile", "--exclude", "resource_type:unit_test")
        project = Project.read(project_root(), home.dbt_target)
    return Compiled(_ordered(project), project.data_tests, home.warehouse)


@lru_cache(maxsize=1)
def _seeds() -> Path:
    """A warehouse of the seeds; they are the same whatever is set."""
    home = _home_of("seeds")
    config = HomeConfig("case", "files", sources=dict(FILES_SOURCES), vars={"as_of_date": AS_OF})
    with _made(home, config) as is_stale:
        if is_stale:
            load_last_publication(home, date.fromisoformat(AS_OF))
            run_dbt(home, "build", "--resource-type", "seed")
    return home.warehouse


def _home_of(name: str) -> Home:
    """A folder that stays from one run to the next, so that dbt parses only what has changed."""
    digest = hashlib.sha256(f"{project_root()} {name}".encode()).hexdigest()[:16]
    return Home(Path(os.environ.get("CSW_CASES", tempfile.gettempdir())) / f"csw_cases_{digest}")


@contextmanager
def _made(home: Home, config: HomeConfig) -> Iterator[bool]:
    """Say whether what the home holds is to be made anew; it is of this state of the project then.

    Nobody else makes it meanwhile, and what was not made to its end is made again.
    """
    with FileLock(f"{home.path}.lock"):
        home.create()
        home.write(config)
        stamp = home.path / "made.txt"
        state = fingerprint(home)
        is_stale = not stamp.is_file() or stamp.read_text(encoding="utf-8") != state
        if is_stale:
            stamp.unlink(missing_ok=True)
            home.warehouse.unlink(missing_ok=True)
        yield is_stale
        stamp.write_text(state, encoding="utf-8")


def compile_project(sources: Sources, as_of: str, variables: Mapping[str, Any]) -> Compiled:
    """The project compiled for a set of sources, a day and vars; from a cache when it can be.

    dbt compiles it for one day, and any other is put in its place: what is built here has the day
    as a literal (`test_the_day_is_a_literal_in_all_that_is_built_here`).
    """
    compiled = _compiled(json.dumps(sources, sort_keys=True), json.dumps(variables, sort_keys=True))
    if as_of == AS_OF:
        return compiled
    return replace(
        compiled,
        models=[replace(each, sql=each.sql.replace(AS_OF, as_of)) for each in compiled.models],
        tests=[replace(each, sql=each.sql.replace(AS_OF, as_of)) for each in compiled.tests],
    )


def _ordered(project: Project) -> list[Model]:
    """Models, each after what it stands on."""
    order: dict[str, Model] = {}

    def add(key: str) -> None:
        if key in project.models and key not in order:
            for parent in project.models[key].parents:
                add(parent)
            order[key] = project.models[key]

    for key in sorted(project.models):
        add(key)
    return list(order.values())
