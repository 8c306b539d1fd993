"""The dbt project as Dagster assets, and the one `dbt build` of a run."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

import dagster as dg
import duckdb
from dagster_dbt import (
    DagsterDbtTranslator,
    DagsterDbtTranslatorSettings,
    DbtCliInvocation,
    DbtCliResource,
    DbtProject,
    dbt_assets,
)
from packaging import version

from orchestration.build_state import BuildState
from orchestration.database import connect, wait_until_free
from orchestration.dbt_results import (
    BuildResult,
    Problem,
    description_of,
    read_build,
    with_first_rows,
)
from orchestration.definition import definition_version
from orchestration.errors import ExplainedError
from orchestration.gaps import HOLDING_TEST, HOW_TO_GO_ON, MART, held, load_accepted_gaps, say_gaps
from orchestration.home import Home
from orchestration.instance import WAREHOUSE_POOL
from orchestration.last_publication import load_last_publication
from orchestration.ledger_checks import load_ledger
from orchestration.loads import last_complete_day
from orchestration.manifest import fingerprint, manifest_path, read_manifest, write_stamp
from orchestration.progress import current
from orchestration.project import dbt_command, project_root, vars_arguments
from orchestration.quality import ensure_spells, note_checks, publish_checks
from orchestration.session import RefreshSession
from orchestration.standing import ground_of, standing_nodes

LAYER_OF_TYPE = {"source": "raw", "seed": "seeds", "snapshot": "snapshots"}
DBT_END_SECONDS = 30
# The schema in which each load says what it did.
LOADS = "raw_loads"
# So long a silence before the as-of date is worth a word: weekends and holidays are not.
SILENT_DAYS = 7
# Of so many problems the first rows are shown.
TOLD_ROWS = 3
# The events of dbt's log that end one node; each carries its place among all nodes.
RESULT_EVENTS = ("LogModelResult", "LogSeedResult", "LogSnapshotResult", "LogTestResult")


# models/<layer>/<file>
MODEL_PARTS_WITHOUT_SUBJECT = 3


def layer_of(props: Mapping[str, Any]) -> str:
    """Return a node's layer: the folder below `models/`, or what it is."""
    kind = props["resource_type"]
    if kind in LAYER_OF_TYPE:
        return LAYER_OF_TYPE[kind]
    parts = PurePosixPath(props["original_file_path"].replace("\\", "/")).parts
    return parts[1] if len(parts) > 2 else "models"


def subject_of(props: Mapping[str, Any]) -> str | None:
    """Return what a model is about: the folder below its layer's; none of what is no model."""
    parts = PurePosixPath(props["original_file_path"].replace("\\", "/")).parts
    is_told = props["resource_type"] == "model" and len(parts) > MODEL_PARTS_WITHOUT_SUBJECT
    return parts[MODEL_PARTS_WITHOUT_SUBJECT - 1] if is_told else None


def owners_of(props: Mapping[str, Any]) -> list[str]:
    """Return who answers for a node: `meta.owner`, else the dbt group, as Dagster writes owners."""
    meta = props.get("config", {}).get("meta") or props.get("meta") or {}
    named = meta.get("owner")
    if named is None:
        group = props.get("group")
        if isinstance(group, Mapping):
            named = (group.get("owner") or {}).get("email") or group.get("name")
        else:
            named = group
    owners = [named] if isinstance(named, str) else list(named or [])
    return [_as_owner(owner) for owner in owners]


def _as_owner(name: str) -> str:
    if "@" in name or name.startswith("team:"):
        return name
    return "team:" + "".join(letter if letter.isalnum() else "_" for letter in name.lower())


class LayerTranslator(DagsterDbtTranslator):
    """Asset keys and groups follow the layers: `[marts, mart_retention_monthly]` in `marts`."""

    def __init__(self) -> None:
        """Tests become asset checks; those on sources too."""
        super().__init__(
            DagsterDbtTranslatorSettings(
                enable_asset_checks=True, enable_source_tests_as_checks=True
            )
        )

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """Return `[layer, name]`; a source's key is that of the raw table asset that loads it."""
        props = dbt_resource_props
        if props["resource_type"] == "source":
            return dg.AssetKey([props["schema"], props["name"]])
        return dg.AssetKey([layer_of(props), props["name"]])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """Return the layer."""
        return layer_of(dbt_resource_props)

    def get_tags(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, str]:
        """Return dbt's tags, and the subject: the selection `tag:subject=arr` shows one of all."""
        tags = super().get_tags(dbt_resource_props)
        subject = subject_of(dbt_resource_props)
        return {**tags, "subject": subject} if subject else tags

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """Return the model's own words; its SQL is in the repository."""
        return dbt_resource_props.get("description") or ""

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str]:
        """Return who answers for the model."""
        return owners_of(dbt_resource_props)

    def get_asset_spec(
        self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetSpec:
        """Return the asset of a node; every load writes into what the loader says of its loads."""
        spec = super().get_asset_spec(manifest, unique_id, project)
        deps = [dep for dep in spec.deps if dep.asset_key.path[0] != LOADS]
        if len(deps) == len(list(spec.deps)):
            return spec
        keys = (self.get_asset_key(source) for source in manifest["sources"].values())
        deps += [
            dg.AssetDep(key)
            for key in sorted(keys)
            if key.path[0].startswith("raw_") and key.path[0] != LOADS
        ]
        return spec.replace_attributes(deps=deps)

    def get_asset_check_spec(
        self,
        asset_spec: dg.AssetSpec,
        manifest: Mapping[str, Any],
        unique_id: str,
        project: DbtProject | None,
    ) -> dg.AssetCheckSpec | None:
        """Return the check of a dbt test, with the test's description."""
        spec = super().get_asset_check_spec(asset_spec, manifest, unique_id, project)
        if spec is None or spec.description:
            return spec
        description = description_of(self.get_resource_props(manifest, unique_id))
        return spec._replace(description=description) if description else spec


class LocalDbt(DbtCliResource):
    """dbt as installed beside this Python.

    The stock resource starts `dbt --version`, which asks the package index, and loads the project
    a second time for column metadata that a DuckDB file, busy with the build, cannot give.
    """

    @cached_property
    def _cli_version(self) -> version.Version:
        from importlib.metadata import version as installed  # noqa: PLC0415

        return version.parse(installed("dbt-core"))

    def _initialize_dbt_core_adapter(self, args: object) -> None:
        return None


def dbt_resource() -> LocalDbt:
    """Return the dbt that builds the project."""
    root = str(project_root())
    executable, *arguments = dbt_command()
    return LocalDbt(
        project_dir=root,
        profiles_dir=root,
        dbt_executable=executable,
        # What dbt prints is in the run's log; a second one doubles the cost of each message.
        global_config_flags=[*arguments, "--log-level-file", "none"],
    )


def build_dbt_assets(home: Home) -> dg.AssetsDefinition:
    """Return all models, seeds, snapshots and tests of the project as one multi-asset."""
    manifest_file = manifest_path(home)

    @dbt_assets(
        manifest=manifest_file,
        name="dbt_build",
        dagster_dbt_translator=LayerTranslator(),
        pool=WAREHOUSE_POOL,
    )
    def dbt_build(
        context: dg.AssetExecutionContext, dbt: LocalDbt, session: RefreshSession
    ) -> Iterator[Any]:
        with current().step("Build and test"):
            yield from _run_build(context, dbt, session)

    return dbt_build


def _run_build(
    context: dg.AssetExecutionContext, dbt: LocalDbt, session: RefreshSession
) -> Iterator[Any]:
    home = session.opened_home
    as_of = decide_as_of(session)
    session.write_settings(as_of)
    try:
        load_ledger(home, definition_version(home))
        load_accepted_gaps(home)
        load_last_publication(home, as_of)
        ensure_spells(home)
    except ExplainedError as error:
        raise dg.Failure(str(error), allow_retries=False) from error
    state = BuildState.read(home)
    full_refresh_reason = state.full_refresh_reason(as_of, asked=session.full_refresh)
    own_vars = vars_arguments(home)
    arguments = ["build", *own_vars]
    if full_refresh_reason:
        arguments.append("--full-refresh")
        current().note(full_refresh_reason)
    if own_vars or not state.code_changed:
        # Unit tests check the code with the project's own vars; a company's data and policies
        # are what the data tests are for.
        arguments += ["--exclude-resource-type", "unit_test"]
    project = fingerprint(home)
    if not full_refresh_reason and state.stands_on(ground_of(home)):
        # Only the nodes themselves are left out: their tests run on the new rows.
        standing = " ".join(standing_nodes(read_manifest(home), home.warehouse))
        arguments += ["--exclude", standing, "--indirect-selection", "empty"] if standing else []
    state.start(as_of)
    results_file = home.dbt_target / "run_results.json"
    results_file.unlink(missing_ok=True)
    wait_until_free(home.warehouse)
    invocation = dbt.cli(
        arguments, context=context, target_path=home.dbt_target, raise_on_error=False
    )
    outputs: list[dg.Output[None]] = []
    with _ended(invocation):
        yield from _stream(invocation, context, outputs)
    if any(_unique_id(output).endswith(f".{MART}") for output in outputs):
        say_gaps(home, session.run_id)
    _tell_quality(home, session.run_id, as_of, invocation.manifest)
    yield from with_row_counts(outputs, invocation.manifest, home)
    if not results_file.exists():
        raise dg.Failure(_dbt_stopped_text(invocation, home), allow_retries=False)
    build = read_build(home.dbt_target, invocation.manifest)
    build.failures[:TOLD_ROWS] = [
        problem if problem.name == HOLDING_TEST else with_first_rows(problem, home.warehouse)
        for problem in build.failures[:TOLD_ROWS]
    ]
    current().record.build = build
    if invocation.process.returncode != 0 or not build.succeeded:
        raise dg.Failure(failure_text(build, home), allow_retries=False)
    write_stamp(home, project)
    state.finish(session.run_id, as_of, ground_of(home))


def _tell_quality(home: Home, run_id: str, as_of: date, manifest: Mapping[str, Any]) -> None:
    """Keep and publish what the checks found, whatever the build came to.

    What goes wrong with it must not hide what the build has to say, nor stop the figures.
    """
    try:
        note_checks(home, run_id, manifest)
        publish_checks(home, run_id, as_of.isoformat())
    except (OSError, duckdb.Error, ExplainedError) as error:
        current().note(f"What the checks found could not be published: {error}")


@contextmanager
def _ended(invocation: DbtCliInvocation) -> Iterator[None]:
    """Leave no dbt behind that goes on writing when the run is over."""
    try:
        yield
    finally:
        if invocation.process.poll() is None:
            invocation.process.terminate()
            invocation.process.wait(timeout=DBT_END_SECONDS)


def _stream(
    invocation: DbtCliInvocation,
    context: dg.AssetExecutionContext,
    outputs: list[dg.Output[None]],
) -> Iterator[Any]:
    """Pass the test results on as they come, and tell the display how far dbt is.

    What was built is kept back: its rows can only be counted once dbt has let go of the file.
    """
    for event in invocation.stream_raw_events():
        data = event.raw_event["data"]
        if event.raw_event["info"]["name"] in RESULT_EVENTS:
            current().advance(*_place(data), data["node_info"]["node_name"])
        name = (data.get("node_info") or {}).get("unique_id")
        if name and name not in invocation.manifest["nodes"]:
            # A unit test; or a model added since the run began, which the next run will know.
            continue
        for result in event.to_default_asset_events(
            manifest=invocation.manifest,
            dagster_dbt_translator=invocation.dagster_dbt_translator,
            context=context,
            target_path=invocation.target_path,
        ):
            if isinstance(result, dg.Output):
                outputs.append(result)
            else:
                yield result


def _place(data: Mapping[str, Any]) -> tuple[int, int]:
    """Return which of how many nodes an event is about; tests name the total differently."""
    return data.get("index") or 0, data.get("total") or data.get("num_models") or 0


def decide_as_of(session: RefreshSession) -> date:
    """Return the day of the run: the one asked for, else the last complete day of the data."""
    home = session.opened_home
    config = home.read()
    if session.requested_as_of:
        if not config.is_demo:
            _note_silence(home, session.requested_as_of, config.vendors)
        return session.requested_as_of
    if config.is_demo and config.demo_until:
        return date.fromisoformat(config.demo_until)
    try:
        return last_complete_day(home.warehouse, config.vendors)
    except ValueError as error:
        raise dg.Failure(str(error), allow_retries=False) from error


def _note_silence(home: Home, as_of: date, vendors: Iterable[str]) -> None:
    """Say so when the day that was asked for lies well after the newest activity: a slip?"""
    try:
        last = last_complete_day(home.warehouse, vendors)
    except ValueError:
        return
    if as_of > last + timedelta(days=SILENT_DAYS):
        current().note(
            f"No activity is loaded after {last}: the figures as of {as_of} say that nothing "
            "happened since. If another day was meant, give it (AS_OF=…) before a month is closed."
        )


def failure_text(build: BuildResult, home: Home) -> str:
    """Return one sentence on what failed; of tests model, rule and the first rows."""
    first = build.failures[0] if build.failures else None
    more = f" and {len(build.failures) - 1} more" if len(build.failures) > 1 else ""
    lines = [f"{_kind(first)} {first.name}{more}" if first else "a part of the build"]
    for problem in build.failures:
        if problem.name == HOLDING_TEST:
            lines += [*held(home), f"As it is: {HOW_TO_GO_ON}"]
        elif problem.first_rows:
            rule = f" ({problem.description.rstrip('.')})" if problem.description else ""
            lines.append(
                f"{problem.model}: {problem.failing_rows:,} rows break {problem.name}{rule}, first"
            )
            lines += [f"  {row}" for row in problem.first_rows]
    what = "\n".join(lines)
    return f"dbt build failed: {what}. Details: {home.dbt_target / 'run_results.json'}"


def _kind(problem: Problem) -> str:
    return "test" if problem.kind in ("test", "unit_test") else problem.kind


def _dbt_stopped_text(invocation: DbtCliInvocation, home: Home) -> str:
    errors = "\n".join(invocation._error_messages) or "It gave no reason."
    return f"dbt stopped before it built anything. {errors}\nThe log of the run: {home.runs}"


def with_row_counts(
    outputs: list[dg.Output[None]], manifest: Mapping[str, Any], home: Home
) -> Iterator[dg.Output[None]]:
    """Return what was built with the rows each table has; a view would have to be run for them."""
    tables = {
        name: manifest["nodes"][name]["relation_name"]
        for output in outputs
        if (name := _unique_id(output))
        and manifest["nodes"][name]["config"].get("materialized") != "view"
    }
    counts = row_counts(home.warehouse, tables)
    for output in outputs:
        rows = counts.get(_unique_id(output))
        extra = {} if rows is None else {"dagster/row_count": rows}
        yield output.with_metadata({**output.metadata, **extra})


def _unique_id(output: dg.Output[None]) -> str:
    return str(output.metadata["unique_id"].value)


def row_counts(warehouse: Path, relations: Mapping[str, str]) -> dict[str, int]:
    """Return the rows of each relation, in one query; a table's count costs nothing."""
    if not relations:
        return {}
    parts = [f"select '{key}', count(*) from {relation}" for key, relation in relations.items()]
    with connect(warehouse, read_only=True) as connection:
        return dict(connection.execute(" union all ".join(parts)).fetchall())
