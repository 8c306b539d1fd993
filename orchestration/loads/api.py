"""The steps of a load, apart (for Dagster) and in one call (for scripts and tests)."""

from __future__ import annotations

from orchestration.loads.dlt_source import build_dlt_source, build_pipeline, drop_pending, take_run
from orchestration.loads.finish import finish
from orchestration.loads.model import LoadError, LoadReport, LoadRequest


def finish_load(request: LoadRequest) -> LoadReport:
    """Write counts, rejects and messages after the pipeline ran, and report.

    Raises:
        LoadError: A file or table could not be loaded at all; everything else is in.
    """
    return finish(take_run(request))


def load(request: LoadRequest) -> LoadReport:
    """Load one source: pipeline and report.

    Raises:
        LoadError: A file or table could not be loaded at all; everything else is in.
    """
    source = build_dlt_source(request)
    pipeline = build_pipeline(request)
    try:
        drop_pending(pipeline)
        pipeline.run(source, loader_file_format="parquet")
    except BaseException as problem:
        take_run(request).close()
        refusal = refusal_in(problem)
        if refusal is not None:
            raise refusal from problem
        raise
    return finish_load(request)


def refusal_in(problem: BaseException | None) -> LoadError | None:
    """The refusal to load that dlt wrapped into its own errors; None where it was something else.

    It names what is to be done, and nothing was written.
    """
    while problem is not None:
        if isinstance(problem, LoadError):
            return problem
        problem = problem.__cause__ or problem.__context__
    return None
