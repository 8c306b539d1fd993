"""`csw`: the command line of the warehouse."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from rich.console import Console

from dashboards.ask.cli import mcp
from dashboards.cli import dashboard, report
from orchestration.close_cli import app as close_app
from orchestration.connect_cli import connect
from orchestration.errors import ExplainingGroup, explain
from orchestration.home import Home, HomeError, claim
from orchestration.lock import home_lock
from orchestration.mapping_cli import app as mapping_app
from orchestration.metricflow import mf, ossie
from orchestration.project import (
    dbt_command,
    dbt_environment,
    dbt_executable,
    default_vars,
    project_root,
    tell_vars,
    vars_arguments,
)
from orchestration.publish_cli import publish

app = typer.Typer(
    name="csw",
    cls=ExplainingGroup,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help="""Customer-success warehouse: load, build, test and publish one company's data.

    All of a company's data is in one folder, its *home*: `data/`, or the one that `CSW_HOME`
    names. Start with `csw refresh`: it makes a demo company and publishes its figures.
    """,
)

app.add_typer(close_app, name="close")
app.command()(connect)
app.command()(report)
app.command()(dashboard)
app.command()(mcp)
app.command()(publish)
app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    options_metavar="[--home DIR] --",
)(mf)
app.command()(ossie)
app.add_typer(mapping_app, name="mapping")

HomeOption = Annotated[
    Path | None,
    typer.Option("--home", envvar="CSW_HOME", help="The home folder (default: data)."),
]
VerboseOption = Annotated[
    bool,
    typer.Option("--verbose", envvar="VERBOSE", help="Show everything the tools say."),
]


def _console() -> Console:
    # The stream of now: while a run goes on, standard output is the run's log.
    return Console(file=sys.stdout)


def _day(text: str | None) -> date | None:
    if text is None or not text.strip():
        return None
    try:
        return datetime.strptime(text.strip(), "%Y-%m-%d").date()  # noqa: DTZ007
    except ValueError as error:
        raise typer.BadParameter(f"'{text}' is not a day; write it as 2025-12-31.") from error


@app.command()
def refresh(
    *,
    source: Annotated[
        Path | None,
        typer.Option(help="A folder of files to load; without it the home's company goes on."),
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(
            metavar="YYYY-MM-DD",
            help="The day the figures are for. Default: the last complete day of the data.",
        ),
    ] = None,
    mapping: Annotated[
        Path | None,
        typer.Option(help="How the files' names map to ours. Default: mapping.yml beside them."),
    ] = None,
    home: HomeOption = None,
    scale: Annotated[
        float | None,
        typer.Option(min=0.01, help="Size of the demo company; 1 is about 400 accounts."),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Random seed of the demo company.")] = None,
    full_refresh: Annotated[
        bool, typer.Option("--full-refresh", help="Rebuild the incremental tables.")
    ] = False,
    same_company: Annotated[
        bool,
        typer.Option("--same-company", help="The folder is the home's company under another name."),
    ] = False,
    verbose: VerboseOption = False,
) -> None:
    """Load what is new, build, test, and publish when all tests pass.

    **Examples**

    - `csw refresh`: the demo company, or the company of this home, with what is new
    - `csw refresh --source exports/2026-01-31 --as-of 2026-01-31`: a folder of files
    - `csw refresh --source drop --mapping mapping.yml`: files with names of their own
    - `CSW_HOME=~/acme csw refresh --source drop`: another company, in a home of its own
    - `csw refresh --scale 0.1 --home /tmp/small`: a small demo company

    A failing test publishes nothing: the files published before stay as they are. So does ARR of a
    paying subscription that nobody told, a delivery that is cut off, rejected or late, or a figure
    that jumps against its last publication (`csw messages` names it), unless somebody accepts it
    (`csw accept`).
    """
    from orchestration.clock import require_clock  # noqa: PLC0415
    from orchestration.display import make_display  # noqa: PLC0415
    from orchestration.refresh import refresh as run_refresh  # noqa: PLC0415
    from orchestration.summary import show_result  # noqa: PLC0415

    console = _console()
    day = _day(as_of)
    chosen = Home.resolve(home)
    with _alerting(), home_lock(chosen):
        require_clock(chosen)
        claimed = claim(
            chosen,
            source=source,
            mapping=mapping,
            scale=scale,
            seed=seed,
            same_company=same_company,
        )
        console.print(
            f"[bold]{claimed.config.company}[/] in {chosen.path}", highlight=False, soft_wrap=True
        )
        for note in claimed.notes:
            console.print(note, highlight=False, markup=False, soft_wrap=True)
        with make_display(console, verbose=verbose) as display:
            result = run_refresh(
                chosen, display, as_of=day, full_refresh=full_refresh, verbose=verbose
            )
        if not result.succeeded:
            # Before the report, which may fail for the same reason.
            lines = ["The refresh failed; the published files are unchanged."]
            lines += [f"{step}: {reason}" for step, reason in result.failures.items()]
            _alert(lines, result.record.run_id)
        show_result(console, chosen, result)
    if not result.succeeded:
        raise typer.Exit(1)


@app.command()
def accept(
    finding: Annotated[
        str | None, typer.Argument(help="The finding, as `--list` names it; all for every one.")
    ] = None,
    *,
    by: Annotated[str, typer.Option("--by", help="Who accepts it.")] = "",
    why: Annotated[str, typer.Option("--why", help="The reason.")] = "",
    days: Annotated[int, typer.Option(min=0, help="So many days it holds.")] = 90,
    listing: Annotated[
        bool, typer.Option("--list", help="What is held, and what is accepted until when.")
    ] = False,
    home: HomeOption = None,
) -> None:
    """Accept what the last refresh held; the next one publishes it as it is.

    It is written down in `accepted_gaps.jsonl` who did, why and until when. A finding that grows,
    or reads differently, is held anew.

    **Examples**

    - `csw accept --list`
    - `csw accept 3f9a1c --by "Jane" --why "the price comes by mail"`, then `csw refresh`
    - `csw accept all --by "Jane" --why "the CRM is moved" --days 7`
    """
    from orchestration.gaps import accept as accept_finding  # noqa: PLC0415
    from orchestration.status import show_findings  # noqa: PLC0415

    console = _console()
    chosen = Home.resolve(home)
    if listing or finding is None:
        show_findings(console, chosen)
        return
    with home_lock(chosen):
        for found in accept_finding(chosen, finding, by=by, why=why, days=days):
            console.print(
                f"Accepted by {by} for {days} days: {found.text}",
                highlight=False,
                markup=False,
                soft_wrap=True,
            )
    console.print("It is published by the next `csw refresh`.")


@app.command()
def init(
    *,
    company: Annotated[str | None, typer.Option(help="The company's name.")] = None,
    currency: Annotated[str | None, typer.Option(help="What all money is shown in.")] = None,
    crm: Annotated[str | None, typer.Option(help="System; none for nothing.")] = None,
    billing: Annotated[str | None, typer.Option(help="System; none for nothing.")] = None,
    product: Annotated[str | None, typer.Option(help="System; none for nothing.")] = None,
    support: Annotated[str | None, typer.Option(help="System; none for nothing.")] = None,
    feedback: Annotated[str | None, typer.Option(help="System; none for nothing.")] = None,
    road: Annotated[
        str | None,
        typer.Option("--from", help="How the data come: files, fivetran, airbyte, dlt or api."),
    ] = None,
    folder: Annotated[str | None, typer.Option(help="Where files are.")] = None,
    database: Annotated[
        str | None,
        typer.Option(help="Where a loader landed its tables: file, md:…, postgresql://…"),
    ] = None,
    home: HomeOption = None,
) -> None:
    """Write company.yml: who the company is, its systems, and how their data come.

    Asks for what was not given; without a terminal it takes what is usual. Each line of the file
    says what it is for. An existing file is never changed.

    **Examples**

    - `CSW_HOME=~/acme csw init`: asks
    - `csw init --company Acme --from fivetran --database landed.duckdb --crm salesforce --billing
      stripe --product none --support zendesk --feedback none`
    - `csw check`: is it right, and is everything there that it names?
    """
    from orchestration.company_cli import Given, init_company  # noqa: PLC0415

    console = _console()
    chosen = Home.resolve(home)
    systems = {
        "crm": crm,
        "billing": billing,
        "product": product,
        "support": support,
        "feedback": feedback,
    }
    init_company(console, chosen, Given(company, currency, systems, road, folder, database))


@app.command()
def check(home: HomeOption = None) -> None:
    """Check company.yml and what it names, without loading anything."""
    from orchestration.company_cli import check_company  # noqa: PLC0415

    console = _console()
    sound = check_company(console, Home.resolve(home))
    if not sound:
        raise typer.Exit(1)


@app.command()
def demo(
    until: Annotated[
        str | None, typer.Option(metavar="YYYY-MM-DD", help="The day the exports are to reach.")
    ] = None,
    home: HomeOption = None,
    scale: Annotated[float | None, typer.Option(min=0.01, help="Size; 1 is 400 accounts.")] = None,
    seed: Annotated[int | None, typer.Option(help="Random seed.")] = None,
) -> None:
    """Generate the demo company's exports, and load nothing."""
    from orchestration.demo_assets import generate_demo  # noqa: PLC0415

    console = _console()
    chosen = Home.resolve(home)
    with home_lock(chosen):
        if chosen.company_file.exists() or not chosen.remembered().is_demo:
            raise HomeError(f"{chosen.path} belongs to a real company. Set CSW_HOME=<new folder>.")
        claim(chosen, scale=scale, seed=seed)
        with console.status("Generating the demo company"):
            reached = generate_demo(chosen, _day(until))
    console.print(f"The demo company's exports reach {reached}: {chosen.exports}", highlight=False)


@app.command()
def status(home: HomeOption = None) -> None:
    """Show what is loaded and published."""
    from orchestration.status import show_status  # noqa: PLC0415

    console = _console()
    show_status(console, Home.resolve(home))


@app.command()
def doctor(home: HomeOption = None) -> None:
    """Look whether everything is sound: each finding comes with the command that mends it.

    Machine, versions, settings, disk, locks, clock, permissions, runs, deliveries, what is held,
    the ledger, what is published. Exit code 0: sound; 1: something is to be mended.
    """
    from orchestration.doctor import show_doctor  # noqa: PLC0415

    console = _console()
    sound = show_doctor(console, Home.resolve(home))
    if not sound:
        raise typer.Exit(1)


@app.command()
def messages(home: HomeOption = None) -> None:
    """List every message and every kind of reject of the last load."""
    from orchestration.status import show_messages  # noqa: PLC0415

    console = _console()
    show_messages(console, Home.resolve(home))


@app.command()
def query(
    asked: Annotated[
        str | None,
        typer.Argument(
            metavar="[SQL|ANALYSIS]",
            help="SQL, `-` to read it from standard input, or the name of an analysis or table. "
            "Without it: the analyses there are.",
        ),
    ] = None,
    *,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="What an analysis asks for; repeatable."),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="Rows to show at most.")] = 100,
    as_csv: Annotated[
        bool,
        typer.Option(
            "--csv", help="All rows with every digit; a text like a formula gets an apostrophe."
        ),
    ] = False,
    home: HomeOption = None,
) -> None:
    """Ask the warehouse: SQL, or one of the project's analyses.

    Nothing can be changed by it. Tables of the marts, facts and layers below need no schema.

    **Examples**

    - `csw query`: the analyses, and what they ask for
    - `csw query nrr_walk --set nrr_month=2025-11`: NRR of a month, account by account
    - `csw query tie_out_exceptions --csv > exceptions.csv`
    - `csw query "select month, nrr from mart_retention_monthly where segment_type = 'total'"`
    """
    from orchestration.query import (  # noqa: PLC0415
        analyses,
        ask,
        list_analyses,
        show,
        write_csv,
    )

    console = _console()
    if asked is None:
        list_analyses(console, list(analyses()))
        return
    text = sys.stdin.read() if asked == "-" else asked
    rows = None if as_csv else limit
    answer = ask(Home.resolve(home), text, _settings(settings or []), rows)
    if as_csv:
        write_csv(answer, sys.stdout)
    else:
        show(console, answer)


def _settings(given: list[str]) -> dict[str, str]:
    parted = [text.partition("=") for text in given]
    for name, equals, _ in parted:
        if not equals:
            raise typer.BadParameter(f"'{name}' has no value; write it as {name}=<value>.")
    return {name.strip(): value.strip() for name, _, value in parted}


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    options_metavar="[--home DIR] --",
)
def dbt(context: typer.Context, home: HomeOption = None) -> None:
    """Run dbt on the home's warehouse, with its environment and the vars its company sets.

    **Examples**

    - `csw dbt -- build --select mart_retention_monthly+`
    - `csw dbt -- ls --select +mart_churn_monthly`
    """
    chosen = Home.resolve(home)
    with home_lock(chosen):
        chosen.create()
        given, arguments = _without_vars(context.args)
        if not {"--version", "--help"} & {*arguments}:
            tell_vars(chosen)
            arguments += vars_arguments(chosen, given)
        done = subprocess.run(
            [*dbt_command(), *arguments],
            cwd=project_root(),
            env={**os.environ, **dbt_environment(chosen)},
            check=False,
        )
    raise typer.Exit(done.returncode)


def _without_vars(arguments: list[str]) -> tuple[dict[str, Any], list[str]]:
    """The vars given to dbt, and the rest of its arguments."""
    given: dict[str, Any] = {}
    rest: list[str] = []
    left = iter(arguments)
    for argument in left:
        if argument == "--vars" or argument.startswith("--vars="):
            text = argument.partition("=")[2] if "=" in argument else next(left, "")
            try:
                said = yaml.safe_load(text)
            except yaml.YAMLError:
                said = None
            if not isinstance(said, dict):
                raise typer.BadParameter(f"--vars is to be like '{{name: value}}', not '{text}'.")
            given |= said
        else:
            rest.append(argument)
    return given, rest


@app.command("vars")
def own_vars(home: HomeOption = None) -> None:
    """Print the vars that this home's company sets, for dbt without csw.

    **Example:** `dbt build --vars "$(csw vars)"`
    """
    overrides = Home.resolve(home).vars_overrides(default_vars())
    typer.echo(json.dumps(overrides, sort_keys=True))


@app.command()
def dagster(
    home: HomeOption = None,
    port: Annotated[int, typer.Option(help="Port.")] = 3000,
    host: Annotated[
        str,
        typer.Option(help="Address. There is no login: whoever reaches it can start runs."),
    ] = "127.0.0.1",
) -> None:
    """Show the assets, runs and schedule of the home in the browser, on localhost only.

    With `schedule: {on: true}` in company.yml the daily refresh runs as long as this does.
    """
    from orchestration.instance import write_instance_settings  # noqa: PLC0415

    chosen = Home.resolve(home)
    write_instance_settings(chosen)
    environment = {**os.environ, **dbt_environment(chosen), "DAGSTER_HOME": str(chosen.dagster)}
    executable = Path(dbt_executable()).with_name("dagster")
    command = [str(executable), "dev", "--module-name", "orchestration.definitions"]
    command += ["--host", host, "--port", str(port)]
    # In the place of this process: who stops it (systemd, docker) stops Dagster, which stops its
    # own processes. It does so on SIGTERM as on SIGINT, which a shell's background job ignores.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.chdir(project_root())
    os.execve(executable, command, environment)


@app.command()
def info(home: HomeOption = None) -> None:
    """Show whose home this is and where everything is."""
    console = _console()
    chosen = Home.resolve(home)
    try:
        config = chosen.read()
    except HomeError as fault:
        console.print(str(fault), style="red", highlight=False, markup=False, soft_wrap=True)
        config = chosen.remembered()
    known = config.company if chosen.exists() or chosen.company_file.exists() else "nobody yet"
    for label, value in (
        ("home", chosen.path),
        ("company", known),
        ("settings", chosen.company_file if chosen.company_file.exists() else "none: csw init"),
        ("source", config.folder or ("demo company" if config.is_demo else "company.yml")),
        ("mapping", config.mapping or "none"),
        ("sources", ", ".join(config.vendors)),
        ("warehouse", chosen.warehouse),
        ("published", chosen.published),
        ("project", project_root()),
    ):
        console.print(f"{label:<10} {value}", highlight=False, markup=False, soft_wrap=True)


@contextmanager
def _alerting() -> Iterator[None]:
    """Send an alert for what stops a refresh outside of its steps."""
    try:
        yield
    except Exception as error:
        _alert(["The refresh was stopped.", explain(error)[0]], "none")
        raise


def _alert(lines: list[str], run_id: str) -> None:
    from orchestration.alerts import COMMAND_VARIABLE, WEBHOOK_VARIABLE, send_alert  # noqa: PLC0415

    if os.environ.get(COMMAND_VARIABLE) or os.environ.get(WEBHOOK_VARIABLE):
        send_alert("\n".join(lines), run_id)


if __name__ == "__main__":
    app()
