"""The raw tables as Dagster assets: one dlt load per enabled source system."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import dagster as dg
import duckdb
from dagster_dlt import DagsterDltResource, DagsterDltTranslator, dlt_assets
from dagster_dlt.translator import DltResourceTranslatorData

from orchestration.company import FILES, ApiRoad, FilesRoad, LandedRoad, source_of
from orchestration.connectors.of_home import api_systems, fetch_system
from orchestration.connectors.road import ConnectError
from orchestration.database import wait_until_free
from orchestration.home import Home, HomeConfig
from orchestration.instance import WAREHOUSE_POOL
from orchestration.loads import (
    Landing,
    LoadError,
    LoadReport,
    LoadRequest,
    build_dlt_source,
    build_pipeline,
    finish_load,
    refusal_in,
)
from orchestration.progress import current
from orchestration.session import RefreshSession

DEMO_ASSET = dg.AssetKey("demo_company")
RETRIES = 2
SECONDS_BETWEEN_RETRIES = 5
# The disk or another process may be in the way for a moment; what a file says does not change.
PASSING_ERRORS = (OSError, duckdb.IOException)


@dataclass
class RawTranslator(DagsterDltTranslator):
    """Raw table assets: `[raw_stripe, invoice]` in group `raw`."""

    source: str
    upstream: tuple[dg.AssetKey, ...] = ()

    def get_asset_spec(self, data: DltResourceTranslatorData) -> dg.AssetSpec:
        """Return the spec of one raw table."""
        table = data.resource.name
        spec = super().get_asset_spec(data)
        return spec.replace_attributes(
            key=dg.AssetKey([f"raw_{self.source}", table]),
            deps=list(self.upstream),
            group_name="raw",
            description=(
                f"`{table}` of {self.source}, as delivered: values unchanged, every changed "
                "version kept. Rows that could not be read are in "
                f"`raw_{self.source}.rejects`."
            ),
            tags={"source": self.source},
            kinds={"dlt", "duckdb"},
            freshness_policy=daily_freshness(),
        )


def daily_freshness() -> dg.FreshnessPolicy:
    """What a daily run renews is late after a day and a half."""
    from datetime import timedelta  # noqa: PLC0415

    return dg.FreshnessPolicy.time_window(
        fail_window=timedelta(hours=36), warn_window=timedelta(hours=26)
    )


def load_request(
    home: Home, config: HomeConfig, source: str, *, run_id: str, as_of: date | None
) -> LoadRequest:
    """Return the request that loads one source of a home."""
    road = config.roads.get(source)
    return LoadRequest(
        source=source,
        folder=home.source_folder(source),
        warehouse=home.warehouse,
        run_id=run_id,
        as_of=as_of,
        mapping=Path(config.mapping) if config.mapping else None,
        pipelines_dir=home.dlt,
        is_dated=isinstance(road, ApiRoad),
        landed=home.landed(source, road) if isinstance(road, LandedRoad) else None,
        landings=tuple(
            Landing(system, home.landed(system, other), config.domains_of(system))
            for system, other in config.roads.items()
            if not isinstance(other, FilesRoad) and system != source == source_of(system)
        ),
        domains=frozenset(
            domain for domain, systems in config.sources.items() if source in systems
        ),
        folder_domains=config.domains_of(FILES) if source == FILES else None,
    )


def build_raw_assets(home: Home, source: str) -> dg.AssetsDefinition:
    """Return the raw tables of one source as one multi-asset."""
    config = home.read()
    planned = load_request(home, config, source, run_id="", as_of=None)
    upstream = (DEMO_ASSET,) if config.is_demo else ()

    @dlt_assets(
        dlt_source=build_dlt_source(planned),
        dlt_pipeline=build_pipeline(planned),
        name=f"load_{source}",
        dagster_dlt_translator=RawTranslator(source=source, upstream=upstream),
        pool=WAREHOUSE_POOL,
    )
    def load(
        context: dg.AssetExecutionContext, dlt: DagsterDltResource, session: RefreshSession
    ) -> Iterator[dg.MaterializeResult]:
        request = load_request(
            home, home.read(), source, run_id=session.run_id, as_of=session.requested_as_of
        )
        for system in api_systems(home):
            if source_of(system) == source:
                with current().step(f"Fetch {system}"):
                    _fetch(home, system)
        with current().step(f"Load {source}"):
            # dlt would not wait.
            wait_until_free(home.warehouse)
            yield from _run_load(context, dlt, request)

    return load


def _fetch(home: Home, system: str) -> None:
    """Fetch what is new of a system by its API; the connector has tried again already."""
    try:
        fetch_system(home, system, current())
    except ConnectError as error:
        raise dg.Failure(str(error), allow_retries=False) from error


def _run_load(
    context: dg.AssetExecutionContext, dlt: DagsterDltResource, request: LoadRequest
) -> Iterator[dg.MaterializeResult]:
    """Load one source; an error that a file caused is final, one that may pass is tried again."""
    try:
        results = list(
            dlt.run(
                context=context,
                dlt_source=build_dlt_source(request),
                dlt_pipeline=build_pipeline(request),
                loader_file_format="parquet",
            )
        )
        report = finish_load(request)
    except LoadError as error:
        raise dg.Failure(str(error), allow_retries=False) from error
    except Exception as error:
        if refusal := refusal_in(error):
            raise dg.Failure(str(refusal), allow_retries=False) from error
        cause = root_cause(error)
        if isinstance(cause, PASSING_ERRORS):
            raise dg.RetryRequested(
                max_retries=RETRIES, seconds_to_wait=SECONDS_BETWEEN_RETRIES
            ) from error
        text = f"{request.source} could not be loaded: {type(cause).__name__}: {cause}"
        raise dg.Failure(text, allow_retries=False) from error
    yield from with_counts(results, report)


def root_cause(error: BaseException) -> BaseException:
    """Return the error that started a chain; dlt wraps what a source raised two or three times."""
    seen = {id(error)}
    while (inner := error.__cause__ or error.__context__) and id(inner) not in seen:
        error = inner
        seen.add(id(error))
    return error


def with_counts(
    results: list[dg.MaterializeResult], report: LoadReport
) -> Iterator[dg.MaterializeResult]:
    """Add to each raw table how many of its rows were read, loaded, known already and rejected."""
    totals: dict[str, dict[str, int]] = {}
    for count in report.tables:
        table = totals.setdefault(count.table, {})
        for name in ("read", "loaded", "unchanged", "rejected", "unmapped"):
            key = f"rows_{name}"
            table[key] = table.get(key, 0) + getattr(count, key)
    for result in results:
        table = result.asset_key.path[-1]
        yield result._replace(metadata={**(result.metadata or {}), **totals.get(table, {})})
