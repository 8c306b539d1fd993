"""The dlt source and pipeline of a load: one resource per declared table, Arrow batches."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

# dlt reads its settings from the environment: nothing is ever sent anywhere, and the copy of
# what was loaded, as big as the raw data, is not kept.
os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")
os.environ.setdefault("LOAD__DELETE_COMPLETED_JOBS", "true")

import dlt
import pyarrow as pa
from dlt.common.schema.typing import TTableSchemaColumns
from dlt.destinations.impl.duckdb.configuration import DuckDbCredentials
from dlt.extract import DltResource, DltSource

from orchestration.loads.extract import new_rows
from orchestration.loads.model import LoadRequest
from orchestration.loads.run import LoadRun
from orchestration.loads.spec import TableSpec, source_spec
from orchestration.memory import memory_limit
from orchestration.state import read_json

# Loads that are under way, by their request: the resources fill what finish_load reports. A
# request names home, source and run, so that homes in one process do not meet.
_RUNS: dict[LoadRequest, LoadRun] = {}


def build_dlt_source(request: LoadRequest) -> DltSource:
    """The dlt source of a request: one resource per declared table, read lazily.

    Nothing is opened before dlt asks the first resource for rows.
    """
    spec = source_spec(request.source)
    run = LoadRun(request)
    previous = _RUNS.pop(request, None)
    if previous is not None:
        previous.close()
    _RUNS[request] = run

    @dlt.source(name=spec.name, max_table_nesting=0)
    def load_source() -> Iterator[DltResource]:
        for table in spec.tables.values():
            yield dlt.resource(
                _rows,
                name=table.name,
                table_name=table.name,
                write_disposition="append",
                columns=_hints(table),
                file_format="parquet",
            )(run, table)

    return load_source()


def build_pipeline(request: LoadRequest) -> dlt.Pipeline:
    """The pipeline of a request; it opens nothing until it runs.

    Before a run, drop what an aborted load left behind (``drop_pending``; dagster-dlt does so
    itself): the rows such a load already brought in are recognised as unchanged.
    """
    warehouse = DuckDbCredentials(
        str(request.warehouse), global_config={"memory_limit": memory_limit()}
    )
    name = f"csw_{request.source}"
    _drop_torn(request.state_dir / name)
    pipeline = dlt.pipeline(
        pipeline_name=name,
        pipelines_dir=str(request.state_dir),
        destination=dlt.destinations.duckdb(warehouse),
        dataset_name=source_spec(request.source).dataset,
        progress=None,
    )
    # What is loaded is judged by the raw tables themselves: dlt keeps no state worth restoring.
    pipeline.config.restore_from_destination = False
    return pipeline


def _drop_torn(folder: Path) -> None:
    """Remove dlt's working folder when a power cut has torn a file of it: dlt stops at such a one.

    Nothing in it is worth keeping: what is loaded is judged by the raw tables themselves.
    """
    versions_are_whole = all(file.stat().st_size for file in folder.glob("*/.version"))
    said = (read_json(file) for file in (*folder.glob("*.json"), *folder.glob("schemas/*.json")))
    if not (versions_are_whole and all(said)):
        shutil.rmtree(folder)


def drop_pending(pipeline: dlt.Pipeline) -> None:
    """Drop the packages an aborted load left behind."""
    if pipeline.has_pending_data:
        pipeline.abort_packages()


def take_run(request: LoadRequest) -> LoadRun:
    """The load that was begun for a request; a load of nothing when none was."""
    return _RUNS.pop(request, None) or LoadRun(request)


def _hints(table: TableSpec) -> TTableSchemaColumns:
    """Column hints: the types dlt would guess otherwise (a zone for every timestamp)."""
    return {
        column.name: {"data_type": "timestamp", "timezone": False}
        for column in table.columns.values()
        if column.type == "timestamp"
    }


def _rows(run: LoadRun, table: TableSpec) -> Iterator[pa.Table]:
    run.prepare(dlt.current.load_package_state()["load_id"])
    yield from new_rows(run, table)
