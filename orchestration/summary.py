"""What is said at the end of a run."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from orchestration.dbt_results import BuildResult, Problem
from orchestration.errors import advice_on
from orchestration.figures import Figures, read_figures
from orchestration.home import Home
from orchestration.load_counts import LoadSummary, read_loads
from orchestration.project import default_vars
from orchestration.publish import Publication
from orchestration.published_folder import DATABASE_LINK, REPORT_LINK
from orchestration.refresh import RefreshResult

SHOWN = 8
HEALTH_BANDS = ("green", "yellow", "red", "unknown")
STEP_TITLES = {
    "demo_company": "generating the demo company",
    "dbt_build": "building and testing",
    "published_marts": "publishing",
}


def show_result(console: Console, home: Home, result: RefreshResult) -> None:
    """Show how a refresh ended: the figures, or what failed and what to do."""
    console.print()
    loads = read_loads(home.warehouse, result.record.run_id)
    show_loads(console, loads)
    if result.record.build:
        show_build(console, result.record.build)
    if result.succeeded and result.record.publication:
        show_publication(console, home, result.record.publication)
    elif not result.succeeded:
        show_failure(console, home, result)
    show_times(console, result)


def show_loads(console: Console, loads: LoadSummary) -> None:
    """Show rows per source, and the first of the messages."""
    if loads.counts:
        table = Table(box=None, pad_edge=False, header_style="bold")
        table.add_column("source")
        for title in ("read", "loaded", "unchanged", "rejected", "unmapped"):
            table.add_column(title, justify="right")
        table.add_column("newest business day")
        for count in loads.counts:
            table.add_row(
                count.source,
                f"{count.rows_read:,}",
                f"{count.rows_loaded:,}",
                f"{count.rows_unchanged:,}",
                _warned(count.rows_rejected),
                _warned(count.rows_unmapped),
                count.newest_day or "",
            )
        console.print(table)
    lines = [
        f"{message.severity}: {f'{message.where}: ' if message.where else ''}{message.text}"
        for message in loads.messages
        if message.severity != "info"
    ]
    for line in lines[:SHOWN]:
        _print(console, f"  {line}")
    if len(lines) > SHOWN:
        _print(console, f"  … and {len(lines) - SHOWN} more")
    if lines or loads.rejects:
        _print(
            console,
            "  `csw messages` lists all (tables raw_loads.messages and raw_<source>.rejects).",
            style="dim",
        )


def show_build(console: Console, build: BuildResult) -> None:
    """Show how the models and tests went."""
    parts = [f"{build.built} tables built", f"{build.tests_passed} tests passed"]
    parts.append(f"{build.tests_warned} warned")
    parts.append(f"{build.tests_failed} failed")
    if build.skipped:
        parts.append(f"{build.skipped} skipped")
    style = "green" if build.succeeded else "red"
    console.print(f"[{style}]Build:[/] {', '.join(parts)}", highlight=False)
    for warning in build.warnings[:SHOWN]:
        _print(console, f"  warning: {_problem_line(warning)}")
    if len(build.warnings) > SHOWN:
        _print(console, f"  … and {len(build.warnings) - SHOWN} more warnings in the run's log.")


def show_publication(console: Console, home: Home, publication: Publication) -> None:
    """Show the headline figures and where they are published."""
    figures = read_figures(home.published / publication.database)
    console.print()
    console.print(
        f"[bold]{publication.company}[/], as of {publication.as_of_date}", highlight=False
    )
    for label, value in figure_lines(
        figures,
        currency=str(
            publication.policy.get(
                "reporting_currency", default_vars().get("reporting_currency", "")
            )
        ),
    ):
        console.print(f"  {label:<22}[bold]{value:>16}[/]", highlight=False)
    rows = sum(table.rows for table in publication.marts.values())
    _print(
        console,
        f"Published {len(publication.marts)} tables, {rows:,} rows: "
        f"{home.published / DATABASE_LINK} -> {publication.database}",
    )
    if publication.report:
        _print(console, f"To look at in a browser, or to mail: {home.published / REPORT_LINK}")


def figure_lines(figures: Figures, currency: str) -> list[tuple[str, str]]:
    """Return the headline figures as label and text."""
    return [
        ("ARR", "n/a" if figures.arr is None else f"{figures.arr:,.0f} {currency}".strip()),
        ("NRR, 12 months", _percent(figures.nrr)),
        ("GRR, 12 months", _percent(figures.grr)),
        ("Logo churn, 12 months", _percent(figures.logo_churn)),
        *(
            (f"Health {band}", f"{figures.health[band]:,} accounts")
            for band in HEALTH_BANDS
            if figures.health.get(band)
        ),
    ]


def show_failure(console: Console, home: Home, result: RefreshResult) -> None:
    """Show what failed, where to look, and that the published files stay."""
    console.print()
    build = result.record.build
    for step, reason in result.failures.items():
        title = STEP_TITLES.get(step, step.replace("load_", "loading ").replace("_", " "))
        console.print(f"[bold red]Failed while {title}[/]", highlight=False)
        if step == "dbt_build" and build and build.failures:
            for problem in build.failures[:SHOWN]:
                show_problem(console, problem)
            if len(build.failures) > SHOWN:
                _print(console, f"  … and {len(build.failures) - SHOWN} more in the run's log.")
        else:
            for line in reason.splitlines():
                _print(console, f"  {line}")
        if advice := advice_on(reason):
            _print(console, f"  {advice}", style="red")
    _print(console, f"Everything the tools said: {result.log}")
    if (home.published / DATABASE_LINK).exists():
        _print(console, f"Unchanged, as last published: {home.published / DATABASE_LINK}")
    else:
        _print(console, "Nothing was published.")


def show_problem(console: Console, problem: Problem) -> None:
    """Show one failed test or model."""
    _print(console, f"  {_problem_line(problem)}", style="red")
    if problem.description:
        _print(console, f"    {problem.description}")
    for row in problem.first_rows:
        _print(console, f"    {row}")
    if problem.compiled:
        _print(console, f"    SQL: {problem.compiled}")


def show_times(console: Console, result: RefreshResult) -> None:
    """Show how long each step took."""
    steps = ", ".join(f"{step.title.lower()} {step.seconds:.1f}" for step in result.record.steps)
    _print(console, f"{result.seconds:.1f} s in all ({steps})", style="dim")


def _problem_line(problem: Problem) -> str:
    kind = "test" if problem.kind in ("test", "unit_test") else problem.kind
    if problem.failing_rows is None:
        return f"{kind} {problem.name}: {problem.message}"
    rows = "1 row" if problem.failing_rows == 1 else f"{problem.failing_rows:,} rows"
    of_model = f" of {problem.model}" if problem.model else ""
    return f"{kind} {problem.name} found {rows}{of_model}"


def _warned(number: int) -> str:
    return f"[yellow]{number:,}[/]" if number else "0"


def _percent(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.1%}"


def _print(console: Console, text: str, style: str = "") -> None:
    console.print(text, highlight=False, markup=False, soft_wrap=True, style=style)
