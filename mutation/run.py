"""Runs the changes of each model through both stages."""

import random
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from mutation.project import Model, Project
from mutation.units import UnitTests
from mutation.warehouse import Warehouse


@dataclass(frozen=True, slots=True)
class Job:
    """What a worker needs to know."""

    root: Path
    home: Path
    target: Path
    among: frozenset[str]
    share: float
    scratch: Path


@dataclass(slots=True)
class Outcome:
    """What became of one change. `stage` is unit, data, none or invalid."""

    model: str
    key: str
    kind: str
    before: str
    after: str
    stage: str
    noticed_by: str
    differs: bool = False

    @property
    def id(self) -> str:
        """The name of the change in the list of reviewed ones."""
        return f"{self.model}:{self.key}"

    @property
    def survived(self) -> bool:
        """Whether no test noticed."""
        return self.stage == "none"


@dataclass(slots=True)
class ModelResult:
    """All changes of a model."""

    model: str
    path: str
    unit_tests: int
    outcomes: list[Outcome] = field(default_factory=list)

    def as_dict(self) -> dict:
        """For the JSON file."""
        return asdict(self)


def check(unique_id: str, job: Job) -> ModelResult:
    """Try every change of a model, or a share of them."""
    project = Project.read(job.root, job.target)
    model = project.models[unique_id]
    units = UnitTests(project, model)
    with TemporaryDirectory(dir=job.scratch) as folder:
        warehouse = Warehouse(project, job.home, Path(folder), set(job.among))
        try:
            return _outcomes(model, units, warehouse, job.share)
        finally:
            warehouse.close()


def _outcomes(model: Model, units: UnitTests, warehouse: Warehouse, share: float) -> ModelResult:
    is_table = model.materialized != "view"
    if is_table:
        warehouse.check(model)
    tree, in_warehouse = warehouse.sites(model)
    found = {**units.sites(), **in_warehouse}
    result = ModelResult(model.name, model.path, units.count)
    for key, site in found.items():
        if share < 1 and random.Random(key).random() >= share:
            continue
        noticed = units.noticed_by(key)
        stage, differs = "unit", False
        if noticed is None and key in in_warehouse and is_table:
            noticed = warehouse.noticed_by(model, tree, in_warehouse[key])
            stage = "data"
            differs = noticed != "same"
        if noticed is None or noticed == "same":
            stage, noticed = "none", ""
        elif noticed.startswith("invalid"):
            stage = "invalid"
        result.outcomes.append(
            Outcome(model.name, key, site.kind, site.before, site.after, stage, noticed, differs)
        )
    return result


def run(
    project: Project,
    models: list[Model],
    job: Job,
    *,
    jobs: int,
    say: Callable[[str], None],
) -> Iterator[ModelResult]:
    """Results as they come, the models with most text first."""
    order = sorted(models, key=lambda model: -len(model.sql))
    if jobs == 1:
        for number, model in enumerate(order, start=1):
            result = check(model.unique_id, job)
            say(_line(number, len(order), result))
            yield result
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        waiting = [pool.submit(check, model.unique_id, job) for model in order]
        for number, done in enumerate(as_completed(waiting), start=1):
            result = done.result()
            say(_line(number, len(order), result))
            yield result


def _line(number: int, total: int, result: ModelResult) -> str:
    left = sum(outcome.survived for outcome in result.outcomes)
    return f"{number}/{total} {result.model}: {len(result.outcomes)} changes, {left} not noticed"
