"""`csw mf` and `csw ossie`: the metrics for MetricFlow, and for who reads no dbt.

MetricFlow's own command line wants a dbt project. It gets a small one: the semantic manifest that
dbt made of `models/semantic`, and a profile that opens the published file for reading. So it says
of a day what is published of it, can run while a refresh does, and never opens the warehouse.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from orchestration.home import Home, HomeError
from orchestration.manifest import ensure_manifest
from orchestration.project import dbt_environment
from orchestration.publish import SCHEMA, Publication, read_publication
from orchestration.state import write_json, write_text

MANIFEST_FILE = "semantic_manifest.json"
PROFILE = "published"
PROJECT = "customer_success"
STATE = "Of one month at a time: months are not added up."
HomeOption = Annotated[
    Path | None,
    typer.Option("--home", envvar="CSW_HOME", help="The home folder (default: data)."),
]


def mf(context: typer.Context, home: HomeOption = None) -> None:
    """Ask MetricFlow: any metric by any of its dimensions, from what is published.

    What follows `--` goes to MetricFlow's own command. Dimensions begin with what a row is:
    `account_month__segment` for ARR and churn, `cohort__segment` for NRR and GRR, `term__segment`
    for renewals. `list dimensions` names them all.

    **Examples**

    - `csw mf -- list metrics`
    - `csw mf -- query --metrics nrr,grr --group-by metric_time__month,cohort__region`
    - `csw mf -- query --metrics arr --group-by account__csm_name,metric_time__year --csv arr.csv`
    - `csw mf -- query --metrics nrr --group-by cohort__plan --explain`: the SQL of it
    """
    chosen = Home.resolve(home)
    folder = write_project(chosen)
    done = subprocess.run(
        [str(Path(sys.executable).with_name("mf")), *(context.args or ["--help"])],
        env={**os.environ, **dbt_environment(chosen), **_points_at(folder)},
        check=False,
    )
    raise typer.Exit(done.returncode)


def ossie(
    *,
    output: Annotated[Path, typer.Option(help="The file to write.")] = Path("metrics.ossie.json"),
    home: HomeOption = None,
) -> None:
    """Write the metrics as a document of Apache Ossie (formerly OSI), for tools that read it.

    **Examples**

    - `csw ossie`: to `metrics.ossie.json` in this folder
    - `csw ossie --output semantics.json`
    """
    document, lost = ossie_document(Home.resolve(home))
    write_json(output, document)
    model = document["semantic_model"][0]
    typer.echo(f"{output}: {len(model['metrics'])} metrics of {len(model['datasets'])} tables")
    for line in lost:
        typer.echo(f"not in it: {line}")


def _points_at(folder: Path) -> dict[str, str]:
    return {
        "DBT_PROJECT_DIR": str(folder),
        "DBT_PROFILES_DIR": str(folder),
        # MetricFlow looks for the manifest in the project's own target folder.
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
    }


def write_project(home: Home) -> Path:
    """Write the project that MetricFlow opens, of what is published now, and return its folder.

    Raises:
        HomeError: Nothing is published yet.
    """
    publication = _published(home)
    folder = home.dbt_target.with_name("metricflow")
    (folder / "target").mkdir(parents=True, exist_ok=True)
    write_json(folder / "target" / MANIFEST_FILE, semantic_manifest(home, PROFILE))
    database = {
        "path": str(home.published / publication.database),
        "alias": PROFILE,
        "read_only": True,
    }
    target = {
        "type": "duckdb",
        "path": ":memory:",
        "database": PROFILE,
        "schema": SCHEMA,
        "attach": [database],
    }
    for name, text in (
        ("dbt_project.yml", {"name": PROJECT, "version": "1.0", "profile": PROFILE}),
        ("profiles.yml", {PROFILE: {"target": PROFILE, "outputs": {PROFILE: target}}}),
    ):
        write_text(folder / name, yaml.safe_dump(text, sort_keys=False))
    return folder


def semantic_manifest(home: Home, *database: str) -> dict[str, Any]:
    """Return dbt's semantic manifest, with the tables where they are in the published file.

    Args:
        home: The home.
        database: As what the published file is attached; nothing where it is the open one.
    """
    file = ensure_manifest(home).with_name(MANIFEST_FILE)
    manifest = json.loads(file.read_bytes())
    for relation in _relations(manifest):
        relation["database"], relation["schema_name"] = "".join(database), SCHEMA
        relation["relation_name"] = ".".join((*database, SCHEMA, relation["alias"]))
    for metric in manifest["metrics"]:
        metric["description"] = metric["description"] or f"{metric['label']}."
    return manifest


def _relations(manifest: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for holder in manifest["semantic_models"]:
        yield holder["node_relation"]
    for holder in manifest["project_configuration"]["time_spines"]:
        yield holder["node_relation"]


def ossie_document(home: Home) -> tuple[dict[str, Any], list[str]]:
    """Return the metrics as an Ossie document, and what of them it cannot say.

    The converter is MetricFlow's own: https://github.com/dbt-labs/metricflow, `converters`.
    """
    # MetricFlow takes a second to come up, and no other command needs it.
    from metricflow.converters.msi_to_osi import MSIToOSIConverter  # noqa: PLC0415
    from metricflow_semantics.model.dbt_manifest_parser import (  # noqa: PLC0415
        parse_manifest_from_dbt_generated_manifest,
    )

    manifest = semantic_manifest(home)
    for metric in _states(manifest):
        metric["description"] += f" {STATE}"
    parsed = parse_manifest_from_dbt_generated_manifest(json.dumps(manifest))
    found = MSIToOSIConverter().convert(parsed, osi_model_name=PROJECT)
    lost = [f"{issue.element_name} ({issue.issue_type.value})" for issue in found.issues]
    return json.loads(found.output.to_osi_json()), lost


def _states(manifest: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the metrics of which several months are not added up: the document cannot say so."""
    states = {
        measure["name"]
        for model in manifest["semantic_models"]
        for measure in model["measures"]
        if measure.get("non_additive_dimension")
    }
    for metric in manifest["metrics"]:
        measures = metric["type_params"].get("input_measures") or ()
        if not states.isdisjoint(measure["name"] for measure in measures):
            yield metric


def _published(home: Home) -> Publication:
    publication = read_publication(home.published)
    if publication is None:
        raise HomeError(f"Nothing is published in {home.path} yet: run `csw refresh`.")
    return publication
