"""The published file as an asset, downstream of every fact and mart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

import dagster as dg

from orchestration.build_state import BuildState
from orchestration.database import connect
from orchestration.dbt_assets import LayerTranslator, layer_of
from orchestration.definition import definition_version
from orchestration.dictionary import data_dictionary
from orchestration.figures import read_figures
from orchestration.gaps import MART as GAPS
from orchestration.home import Home
from orchestration.instance import WAREHOUSE_POOL
from orchestration.ledger_memory import remember
from orchestration.load_counts import read_loads
from orchestration.loads import newest_business_days
from orchestration.manifest import read_manifest
from orchestration.metrics import metric_definitions
from orchestration.progress import current
from orchestration.project import default_vars
from orchestration.publish import Publication, Relation, publish
from orchestration.raw_assets import daily_freshness
from orchestration.reference_tables import PublishedColumn, ReferenceTable
from orchestration.session import RefreshSession

PUBLISHED_ASSET = "published_marts"
PUBLISHED_LAYERS = ("facts", "marts")
GRAIN_TEST = "unique_grain"
VERSIONED = {
    "dbt": "dbt-core",
    "dbt-duckdb": "dbt-duckdb",
    "duckdb": "duckdb",
    "project": "customer-success-warehouse",
}
# Vars that say what is loaded and when; all others are policies that decide what a figure means.
NOT_POLICY = ("sources", "as_of_date")


def published_models(manifest: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the models that are published: every fact and mart whose meta does not say no."""
    return [
        node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
        and layer_of(node) in PUBLISHED_LAYERS
        and node["config"].get("materialized") != "ephemeral"
        and (node["config"].get("meta") or {}).get("published", True)
    ]


def published_relations(manifest: Mapping[str, Any]) -> list[Relation]:
    """Return where each published table is, and its grain."""
    grains = tested_grains(manifest)
    return [
        Relation(node["schema"], node["alias"], grains.get(node["unique_id"], ()))
        for node in published_models(manifest)
    ]


def tested_grains(manifest: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Return the grain of each model that has one: the columns of its test `unique_grain`."""
    grains: dict[str, tuple[str, ...]] = {}
    for node in manifest["nodes"].values():
        test = node.get("test_metadata") or {}
        if test.get("name") == GRAIN_TEST and node.get("attached_node"):
            grains[node["attached_node"]] = tuple(test["kwargs"]["columns"])
    return grains


def tool_versions() -> dict[str, str]:
    """Return the versions of what made the figures."""
    return {name: version(package) for name, package in VERSIONED.items()}


def policy_of(home: Home) -> dict[str, Any]:
    """Return the metric policies in force in a home."""
    values = {**default_vars(), **home.own_vars}
    return {name: value for name, value in values.items() if name not in NOT_POLICY}


def publish_home(home: Home, run_id: str) -> Publication:
    """Publish a home's facts and marts as its last build left them.

    Raises:
        dg.Failure: When the last build did not pass its tests; the published files stay.
    """
    # Drawing takes a moment to come up, and nothing else that reads this module needs it.
    from dashboards.report import company_report  # noqa: PLC0415

    manifest = read_manifest(home)
    state = BuildState.read(home)
    if not state.succeeded:
        raise dg.Failure(
            "The last build did not pass, so it is not published. Run the refresh again.",
            allow_retries=False,
        )
    return publish(
        home.warehouse,
        home.published,
        published_relations(manifest),
        run_id=run_id,
        as_of=state.content["as_of"],
        company=home.read().company,
        versions=tool_versions(),
        policy=policy_of(home),
        definition_version=definition_version(home),
        closes=remember(home, wait=True).in_warehouse,
        newest_business_days=_newest_business_days(home),
        write_report=company_report,
        make_reference_tables=lambda columns: reference_tables(
            manifest, columns, policy=policy_of(home), definition_version=definition_version(home)
        ),
    )


def reference_tables(
    manifest: Mapping[str, Any],
    columns: Sequence[PublishedColumn],
    *,
    policy: Mapping[str, Any],
    definition_version: str,
) -> list[ReferenceTable]:
    """Return what is published beside the figures: what they mean."""
    currency = str(policy.get("reporting_currency") or "")
    metrics = metric_definitions(
        manifest,
        columns,
        currency=currency,
        definition_version=definition_version,
    )
    return [data_dictionary(manifest, columns, [metrics], currency), metrics]


def _newest_business_days(home: Home) -> dict[str, str]:
    with connect(home.warehouse, read_only=True) as connection:
        return newest_business_days(connection, home.read().vendors)


def _numbers(home: Home, publication: Publication) -> dict[str, float]:
    """The figures and counts that Dagster draws from run to run; what is not known is left out."""
    figures = read_figures(home.published / publication.database)
    counts = read_loads(home.warehouse, publication.run_id).counts
    gaps = publication.marts.get(GAPS)
    found = {
        "arr": figures.arr,
        "nrr": figures.nrr,
        "grr": figures.grr,
        "logo_churn": figures.logo_churn,
        "customers": figures.customers,
        "rejected_rows": sum(count.rows_rejected for count in counts),
        "data_gaps": gaps and gaps.rows,
    }
    return {name: float(value) for name, value in found.items() if value is not None}


def build_published_asset(home: Home) -> dg.AssetsDefinition:
    """Return the asset that publishes; it runs only after every test of the build has passed."""
    translator = LayerTranslator()
    upstream = [translator.get_asset_key(node) for node in published_models(read_manifest(home))]

    @dg.asset(
        key=PUBLISHED_ASSET,
        deps=upstream,
        group_name="published",
        description=(
            "What BI reads: one DuckDB file and one Parquet file per fact and mart, and "
            "`manifest.json` with the rows and hash of each."
        ),
        kinds={"duckdb", "parquet"},
        freshness_policy=daily_freshness(),
        pool=WAREHOUSE_POOL,
    )
    def published_marts(session: RefreshSession) -> dg.MaterializeResult:
        with current().step("Publish"):
            publication = publish_home(home, session.run_id)
        current().record.publication = publication
        return dg.MaterializeResult(
            metadata={
                "database": dg.MetadataValue.path(str(home.published / publication.database)),
                "as_of_date": publication.as_of_date,
                "rows": dg.MetadataValue.json(
                    {name: table.rows for name, table in publication.marts.items()}
                ),
                "policy": dg.MetadataValue.json(publication.policy),
                **_numbers(home, publication),
            }
        )

    return published_marts
