"""Command line of the mutation check."""

import argparse
import json
import sys
import time
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import yaml

from mutation import report
from mutation.homes import demo_home, files_home
from mutation.project import Model, Project, ProjectError
from mutation.run import Job, ModelResult, run

HERE = Path(__file__).parent
ROOT = HERE.parent


def _arguments(given: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m mutation",
        description="Change the metric SQL in one place at a time and see which tests notice.",
    )
    parser.add_argument(
        "--home",
        type=Path,
        action="append",
        help="a home that was refreshed and has run its unit tests; a model is tried in the first "
        "one that has it (default: a small demo company and a company of files are made)",
    )
    parser.add_argument(
        "--model", action="append", help="only this model; repeat for more (default: scope.yml)"
    )
    parser.add_argument(
        "--sample", type=float, default=1.0, help="share of the changes to try, always the same"
    )
    parser.add_argument("--jobs", type=int, default=2, help="processes (default: 2)")
    parser.add_argument("--report", type=Path, help="write the report to this file")
    parser.add_argument("--json", type=Path, help="write every outcome to this file")
    return parser.parse_args(given)


def _as_of(home: Path) -> str:
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as connection:
        sql = "select value from raw_loads.settings where name = 'as_of_date'"
        return connection.execute(sql).fetchone()[0]


def _jobs(
    homes: list[Path], wanted: list[str] | None, share: float, folder: Path
) -> list[tuple[Project, list[Model], Job]]:
    """The models to try, each in the first home that has it."""
    scope = yaml.safe_load((HERE / "scope.yml").read_text(encoding="utf-8"))["models"]
    found: list[tuple[Project, list[Model], Job]] = []
    seen: set[str] = set()
    for home in homes:
        target = home / "dbt" / "target"
        project = Project.read(ROOT, target)
        models = project.chosen(scope)
        among = frozenset(model.unique_id for model in models)
        if wanted:
            models = [model for model in project.models.values() if model.name in wanted]
        models = [model for model in models if model.name not in seen]
        seen |= {model.name for model in models}
        found.append((project, models, Job(ROOT, home, target, among, share, folder)))
    if unknown := set(wanted or ()) - seen:
        raise ProjectError(f"No such model: {', '.join(sorted(unknown))}.")
    return found


def _check(arguments: argparse.Namespace, folder: Path) -> int:
    homes = [home.resolve() for home in arguments.home or ()]
    homes = homes or [demo_home(folder), files_home(folder)]
    groups = yaml.safe_load((HERE / "equivalent.yml").read_text(encoding="utf-8"))["equivalent"]
    reviewed = {key: group["reason"] for group in groups for key in group["changes"]}
    waiting = yaml.safe_load((HERE / "backlog.yml").read_text(encoding="utf-8"))["backlog"] or []
    begun = time.monotonic()
    results: list[ModelResult] = []
    say = partial(print, flush=True)
    for project, models, job in _jobs(homes, arguments.model, arguments.sample, folder):
        for result in run(project, models, job, jobs=arguments.jobs, say=say):
            results.append(result)
            if arguments.json:
                rows = [done.as_dict() for done in results]
                arguments.json.write_text(json.dumps(rows, indent=1), encoding="utf-8")
    seconds = time.monotonic() - begun
    as_of = _as_of(homes[0])
    return _finish(arguments, results, reviewed, frozenset(waiting), as_of=as_of, seconds=seconds)


def _finish(
    arguments: argparse.Namespace,
    results: list[ModelResult],
    reviewed: dict[str, str],
    waiting: frozenset[str],
    *,
    as_of: str,
    seconds: float,
) -> int:
    unexplained = report.unexplained(results, reviewed)
    open_ones = [outcome for outcome in unexplained if outcome.id not in waiting]
    for outcome in open_ones:
        differs = "other rows" if outcome.differs else "same rows"
        print(f"{outcome.id}: {outcome.before} -> {outcome.after} ({differs})")
    listed = {**reviewed, **dict.fromkeys(waiting, "")}
    gone = report.outdated(results, listed) if arguments.sample >= 1 else []
    for key in gone:
        print(f"{key}: listed, but it is noticed or gone; take it off the list")
    page = report.markdown(results, reviewed, as_of)
    if arguments.report:
        arguments.report.write_text(page, encoding="utf-8")
    changes = sum(len(result.outcomes) for result in results)
    left = len(unexplained) - len(open_ones)
    print(
        f"{changes} changes in {seconds:.0f} s, {len(open_ones)} unexplained; "
        f"{left} more wait in mutation/backlog.yml for a test or a reason"
    )
    return 1 if open_ones or gone else 0


def main(given: list[str] | None = None) -> int:
    """Run the check; 1 when a change survives that nobody has explained."""
    arguments = _arguments(given)
    try:
        with TemporaryDirectory(prefix="mutation-") as folder:
            return _check(arguments, Path(folder))
    except ProjectError as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
