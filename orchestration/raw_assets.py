"""The raw tables as Dagster assets: one dlt load per enabled source system."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import dagster as dg
from dagster_dlt import DagsterDltResource, DagsterDltTranslator, dlt_assets
from dagster_dlt.translator import DltResourceTranslatorData

from orchestration.company import FILES, ApiRoad, FilesRoad, LandedRoad, source_of
from orchestration.connectors.of_home import api_systems, fetch_system
from orchestration.database import wait_until_free
from orchestration.home import Home, HomeConfig
from orchestration.instance import WAREHOUSE_POOL
from orchestration.loads import (
    Landing,
    LoadReport,
    LoadRequest,
    build_dlt_source,
    build_pipeline,
    finish_load,
)
from orchestration.progress import current
from orchestration.retries import trying_again
from orchestration.session import RefreshSession

DEMO_ASSET = dg.AssetKey("demo_company")


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
        with trying_again(source, context.retry_number):
            for system in api_systems(home):
                if source_of(system) == source:
                    with current().step(f"Fetch {system}"):
                        fetch_system(home, system, current())
            with current().step(f"Load {source}"):
                # dlt would not wait.
                wait_until_free(home.warehouse)
                results = list(_run_load(context, dlt, request))
        yield from results

    return load


def _run_load(
    context: dg.AssetExecutionContext, dlt: DagsterDltResource, request: LoadRequest
) -> Iterator[dg.MaterializeResult]:
    """Load one source and count what came."""
    results = list(
        dlt.run(
            context=context,
            dlt_source=build_dlt_source(request),
            dlt_pipeline=build_pipeline(request),
            loader_file_format="parquet",
        )
    )
    yield from with_counts(results, finish_load(request))


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
