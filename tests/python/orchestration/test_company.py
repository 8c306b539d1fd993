"""company.yml: read, judged by line, and seen by every tool of the home."""

import json
import os
import re
import shutil
import subprocess
from datetime import date
from types import SimpleNamespace
from typing import get_args

import duckdb
import pytest
from tiny_company import TINY_PROJECT, write_files
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.company import ROADS, Company, Schedule
from orchestration.company_init import Answers, company_text, write_company
from orchestration.demo_assets import generate_demo
from orchestration.home import FILES_SOURCES, Home, HomeConfig, HomeError, claim
from orchestration.loads import write_settings
from orchestration.policies import Cut, Policies
from orchestration.progress import Recorder, watching
from orchestration.project import (
    dbt_command,
    dbt_environment,
    dbt_executable,
    default_vars,
    tell_vars,
    vars_arguments,
)
from orchestration.published_assets import NOT_POLICY, policy_of
from orchestration.session import RefreshSession
from orchestration.settings_file import SettingsFileError

runner = CliRunner(env={"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"})

MIXED = """\
version: 1
company: Acme
reporting_currency: eur
as_of: 2025-06-30
domains:
  crm: salesforce
  billing: [stripe]
  support: [files]
systems:
  salesforce: {road: landed, loader: fivetran, database: landed.duckdb, schema: salesforce}
  stripe:
    road: api
    credentials: {api_key: env:STRIPE_API_KEY}
  files: {road: files, folder: drop, mapping: mapping.yml}
schedule: {at: "05:15", time_zone: Europe/Berlin}
policies:
  pause_policy: keep
  fx_plan_date: 2025-01-01
"""


def has(home: Home, text: str) -> Home:
    home.path.mkdir(parents=True, exist_ok=True)
    home.company_file.write_text(text, encoding="utf-8")
    return home


def faults_of(home: Home, text: str) -> str:
    with pytest.raises(HomeError) as caught:
        has(home, text).read()
    return str(caught.value)


def test_every_key_reaches_what_it_is_for(home):
    (has(home, MIXED).path / "drop").mkdir()
    config = claim(home).config
    assert (config.company, config.is_demo) == ("Acme", False)
    assert config.vendors == ["salesforce", "stripe", "files"]
    assert home.source_folder("files") == home.path / "drop"
    assert home.mapping_file == home.path / "mapping.yml"
    assert home.source_folder("stripe") == home.path / "api" / "stripe"
    assert home.fixed_as_of == date(2025, 6, 30)
    assert (home.schedule.at, home.schedule.time_zone) == ("05:15", "Europe/Berlin")
    told = {"reporting_currency": "EUR", "pause_policy": "keep", "fx_plan_date": "2025-01-01"}
    assert home.own_vars == told
    given = json.loads(vars_arguments(home)[1])
    assert given.pop("sources") == {
        "crm": ["salesforce"],
        "billing": ["stripe"],
        "product": [],
        "support": ["files"],
        "feedback": [],
    }
    assert given == told
    assert policy_of(home) | told == policy_of(home)


def test_a_time_and_a_day_need_no_quotes(home):
    text = MIXED.replace('at: "05:15"', "at: 05:15").replace(
        "road: api", "road: api\n    start: 2023-01-01"
    )
    company = Company.read(has(home, "\ufeff" + text).company_file)
    assert company.schedule.at == "05:15"
    assert company.systems["stripe"].start == date(2023, 1, 1)


def test_cuts_of_a_lifetime_are_those_of_the_project(project_root):
    macro = (project_root / "macros" / "segments.sql").read_text(encoding="utf-8")
    cuts = re.findall(r"^        '(\w+)': '", macro, re.MULTILINE)
    assert set(get_args(Cut)) == {"total", *cuts}


def test_the_last_complete_day_of_company_yml_comes_before_a_day_of_the_mapping(home):
    has(home, MIXED)
    (home.path / "mapping.yml").write_text("version: 1\nas_of: 2024-12-31\n")
    assert home.fixed_as_of == date(2025, 6, 30)
    has(home, MIXED.replace("2025-06-30", "last_complete_day"))
    assert home.fixed_as_of is None
    has(home, MIXED.replace("as_of: 2025-06-30\n", ""))
    assert home.fixed_as_of == date(2024, 12, 31)


def test_policies_are_the_vars_of_the_project():
    assert set(Policies.model_fields) == set(default_vars()) - {*NOT_POLICY, "reporting_currency"}


def test_default_of_each_policy_is_allowed_by_its_own_type(home):
    defaults = {name: value for name, value in default_vars().items() if value != ""}
    Policies.model_validate({n: v for n, v in defaults.items() if n in Policies.model_fields})


@pytest.mark.parametrize(
    ("line", "instead", "told"),
    [
        (3, "reportin_currency: EUR", ":3: reportin_currency: there is no such setting; did you"),
        (
            3,
            "reporting_currency: EURO",
            ":3: reporting_currency: 'EURO' is not an ISO 4217 currency code",
        ),
        (4, "as_of: 2026-02-30", ":4: as_of: '2026-02-30' is neither last_complete_day nor a day"),
        (
            13,
            "    credentials: sk_1",
            ":13: systems.stripe.credentials: Input should be a valid dict",
        ),
        (13, "    credentials: {api_key: {sk_1: x}}", ":13: systems.stripe.credentials.api_key"),
        (17, "  activation_events: 0", ":17: policies.activation_events: Input should be greater"),
        (17, "  lifetime_fit_by: segmnt", ":17: policies.lifetime_fit_by: Input should be 'total'"),
        (17, "  support_sla_minutes: {urgent: 30}", "support_sla_minutes: say normal, too"),
        (2, "company: &a [*a]", "this cannot be read as settings"),
        (2, 'company: "\x01"', "cannot be read"),
        (2, "? [a]", "this cannot be read as settings"),
        (4, "as_of: yesterday", ":4: as_of: 'yesterday' is neither last_complete_day nor a day"),
        (6, "  crm: salseforce", ":6: domains.crm.0: 'salseforce' is not read yet; did you mean"),
        (6, "  crm: zendesk", ":6: domains.crm.0: zendesk does not speak for crm, but for support"),
        (6, "  cmr: salesforce", ":6: domains.cmr"),
        (7, "  billing: []", ":11: systems.stripe: no domain names it"),
        (8, "  support: [zendesk]", ":8: domains.support.0: say under systems by which road"),
        (12, "    raod: api", ":11: systems.stripe: road is missing"),
        (12, "    road: ftp", ":11: systems.stripe: 'ftp' is not one of 'files', 'landed', 'api'"),
        (
            13,
            "    credentials: {api_key: sk_1}",
            ":13: systems.stripe.credentials.api_key: a secret",
        ),
        (15, 'schedule: {at: "25:00"}', ":15: schedule.at: "),
        (
            15,
            "schedule: {time_zone: Europe/Berln}",
            "no IANA time zone; did you mean Europe/Berlin?",
        ),
        (
            17,
            "  pause_policy: kepp",
            ":17: policies.pause_policy: Input should be 'zero' or 'keep'",
        ),
        (17, "  pause_polcy: keep", "there is no such setting; did you mean 'pause_policy'?"),
        (18, "  pause_policy: zero", ":18: this is not valid YAML: 'pause_policy' is there twice"),
        (2, "company: [", "this is not valid YAML"),
    ],
)
def test_what_is_wrong_is_told_by_line_and_name(home, line, instead, told):
    lines = MIXED.splitlines()
    lines[line - 1] = instead
    found = faults_of(home, "\n".join(lines))
    assert told in found
    assert str(home.company_file) in found
    assert "sk_1" not in found


def test_all_faults_are_told_at_once(home):
    found = faults_of(home, MIXED.replace("keep", "kepp").replace("eur", "EURO"))
    assert len(found.splitlines()) == 2


def test_a_mapping_belongs_to_files_only(home):
    api = "road: api\n    credentials: {api_key: env:STRIPE_API_KEY}"
    text = MIXED.replace(api, "road: files\n    folder: exports/stripe\n    mapping: m.yml")
    assert "systems.stripe.mapping: a mapping is for the system files" in faults_of(home, text)


def test_custom_column_that_the_contract_lacks_is_told(home):
    landed = "schema: salesforce}"
    text = MIXED.replace(landed, "schema: salesforce, columns: {account: {segmnt__c: Tier__c}}}")
    assert "account has no such column; did you mean 'segment__c'?" in faults_of(home, text)


def test_folder_that_is_not_there_is_told(home):
    with pytest.raises(HomeError, match=r"systems\.files\.folder: .*drop is not a folder"):
        claim(has(home, MIXED))


@pytest.mark.parametrize("option", ["source", "mapping", "scale", "seed"])
def test_what_company_yml_says_is_not_said_again_on_the_command_line(home, tmp_path, option):
    value = {"source": tmp_path, "mapping": tmp_path, "scale": 0.5, "seed": 1}[option]
    with pytest.raises(HomeError, match=f"--{option} is for a home without a company.yml"):
        claim(has(home, MIXED), **{option: value})


def test_two_reporting_currencies_are_refused(home):
    drop = has(home, MIXED).path / "drop"
    drop.mkdir()
    (home.path / "mapping.yml").write_text("version: 1\nreporting_currency: USD\n")
    with pytest.raises(HomeError, match=r"company.yml says reporting_currency: EUR.*says USD"):
        claim(home)


def test_home_of_one_company_is_not_taken_by_the_file_of_another(home):
    (has(home, MIXED).path / "drop").mkdir()
    claim(home)
    has(home, MIXED.replace("company: Acme", "company: Globex"))
    with pytest.raises(HomeError, match=r"belongs to Acme; its company.yml is Globex's"):
        claim(home)
    assert claim(home, same_company=True).config.company == "Globex"
    assert claim(home).config.company == "Globex"


def test_demo_that_lived_in_the_home_is_moved_aside(home):
    claim(home)
    (has(home, MIXED).path / "drop").mkdir()
    claimed = claim(home)
    assert "moved to" in claimed.notes[0]
    assert home.company_file.is_file()
    assert claimed.config.company == "Acme"
    assert json.loads(home.file.read_text())["sources"] == {}


def test_nothing_is_moved_where_something_is_wrong(home):
    claim(home)
    home.exports.mkdir()
    for text in (MIXED, MIXED.replace("folder: drop", "folder: exports")):
        with pytest.raises(HomeError, match=r"drop is not a folder|exports holds the exports of"):
            claim(has(home, text))
        assert not (home.path / "parked").exists()
        assert runner.invoke(app, ["demo"]).exit_code == 1
        assert not (home.path / "parked").exists()


@pytest.mark.parametrize("lives", ["nobody", "demo", "Globex"])
def test_dagster_never_makes_a_home_another_companys(home, lives):
    if lives == "demo":
        claim(home)
    elif lives != "nobody":
        home.write(HomeConfig(lives, "company", sources={}))
    (has(home, MIXED).path / "drop").mkdir()
    session = RefreshSession(home=str(home.path))
    refused = pytest.raises(HomeError, match=r"run `csw refresh` once|belongs to Globex")
    with refused, session.yield_for_execution(SimpleNamespace(run_id="r")):
        pass
    with pytest.raises(HomeError, match="not the demo"):
        generate_demo(home, None)


def test_dagster_says_that_the_settings_changed_since_it_was_loaded(home):
    (has(home, MIXED).path / "drop").mkdir()
    claim(home)
    session = RefreshSession(home=str(home.path), settings=home.settings_stamp)
    with watching(Recorder()), session.yield_for_execution(SimpleNamespace(run_id="r")):
        pass
    has(home, MIXED.replace("keep", "zero"))
    refused = pytest.raises(HomeError, match="has changed since Dagster loaded it")
    with refused, session.yield_for_execution(SimpleNamespace(run_id="r")):
        pass


def test_what_is_loaded_is_shown_although_company_yml_is_broken(home):
    (has(home, MIXED).path / "drop").mkdir()
    claim(home)
    has(home, "company: [")
    for command in ("status", "info"):
        result = runner.invoke(app, [command])
        assert result.exit_code == 0, result.output
        assert "not valid YAML" in result.output
        assert "Acme" in result.output


def test_company_yml_that_vanished_is_missed(home):
    (has(home, MIXED).path / "drop").mkdir()
    claim(home)
    home.company_file.unlink()
    with pytest.raises(HomeError, match=r"its company.yml is not there any more"):
        claim(home)


@pytest.mark.parametrize("road", ["files", "fivetran", "airbyte", "dlt", "api"])
def test_a_written_file_is_read_again_and_sets_nothing_but_what_was_said(home, road):
    systems = {"crm": "salesforce", "billing": "stripe", "product": "files", "support": None}
    answers = Answers('Ä "quoted" # name', "EUR", systems, road)
    company = Company.read(write_company(home, answers))
    assert company.company == answers.company
    assert company.sources["crm"] == ["salesforce"]
    assert company.sources["feedback"] == []
    assert company.own_vars == {"reporting_currency": "EUR"}


def test_each_policy_of_a_written_file_can_be_set_by_taking_its_mark_away(home):
    text = company_text(Answers("Acme", systems={"crm": "files"}))
    for name in Policies.model_fields:
        text = text.replace(f"  # {name}:", f"  {name}:")
    company = Company.read(has(home, text).company_file)
    assert set(company.own_vars) == {*Policies.model_fields, "reporting_currency"}


def test_a_file_that_is_there_is_never_replaced(home):
    has(home, "somebody's work")
    result = runner.invoke(app, ["init", "--company", "Acme", "--from", "files"])
    assert result.exit_code == 1
    assert "is there already" in result.output
    assert home.company_file.read_text() == "somebody's work"


def test_init_then_check_names_what_is_missing(home):
    result = runner.invoke(
        app, ["init", "--company", "Acme", "--from", "files", "--feedback", "none"]
    )
    assert result.exit_code == 0, result.output
    result = runner.invoke(app, ["check"])
    assert result.exit_code == 1
    assert "there is no such folder" in result.output
    (home.path / "deliveries" / "files").mkdir(parents=True)
    assert runner.invoke(app, ["check"]).exit_code == 0


def test_init_leaves_nothing_behind_when_an_answer_is_impossible(home):
    result = runner.invoke(app, ["init", "--company", "Acme", "--currency", "EURO"])
    assert result.exit_code == 1
    assert "company.yml:7: reporting_currency: 'EURO' is not an ISO 4217" in result.output
    assert not list(home.path.glob("company*"))


def test_init_takes_over_what_the_home_knows_of_its_files(home, tmp_path):
    mapping = tmp_path / "m.yml"
    mapping.write_text("version: 1\nreporting_currency: chf\n")
    known = {"folder": str(tmp_path), "mapping": str(mapping), "vars": {"pause_policy": "keep"}}
    home.write(HomeConfig("Acme", "files", sources=dict(FILES_SOURCES), **known))
    result = runner.invoke(app, ["init"])
    assert result.exit_code == 0
    assert "Not taken over from home.json: pause_policy" in result.output
    assert home.own_vars == {"reporting_currency": "CHF"}
    config = home.read()
    assert (config.company, config.folder) == ("Acme", str(tmp_path))
    assert config.mapping == str(tmp_path / "m.yml")


def test_secret_that_is_not_set_is_named_and_no_other(home, monkeypatch):
    (has(home, MIXED).path / "drop").mkdir()
    (home.path / "landed.duckdb").touch()
    told = "STRIPE_API_KEY is empty or not set"
    assert told in runner.invoke(app, ["check"]).output
    monkeypatch.setenv("STRIPE_API_KEY", " ")
    assert told in runner.invoke(app, ["check"]).output
    monkeypatch.setenv("STRIPE_API_KEY", "sk_live_secret")
    result = runner.invoke(app, ["check"])
    assert (result.exit_code, "sk_live_secret" in result.output) == (0, False)


def test_vars_of_one_call_come_before_those_of_the_company(home):
    has(home, MIXED)
    given = json.loads(vars_arguments(home, {"pause_policy": "zero"})[1])
    assert (given["pause_policy"], given["reporting_currency"]) == ("zero", "EUR")


@pytest.mark.parametrize(
    ("arguments", "given"),
    [
        (["build", "--vars", "as_of_date: 2025-12-31"], {"as_of_date": "2025-12-31"}),
        (["docs", "generate", "--vars={pause_policy: zero}"], {"pause_policy": "zero"}),
    ],
)
def test_vars_of_dbt_go_to_its_end(home, monkeypatch, arguments, given):
    has(home, MIXED)
    ran = []
    monkeypatch.setattr(
        subprocess, "run", lambda command, **_: ran.append(command) or SimpleNamespace(returncode=0)
    )
    assert runner.invoke(app, ["dbt", "--", *arguments]).exit_code == 0
    words = [word for word in arguments if "vars" not in word and ":" not in word]
    assert ran[0][len(dbt_command()) : -2] == words
    assert given.items() <= json.loads(ran[0][-1]).items()
    assert json.loads(ran[0][-1])["reporting_currency"] == "EUR"


def test_vars_that_are_none_are_told(home):
    has(home, MIXED)
    result = runner.invoke(app, ["dbt", "--", "build", "--vars", "{a: b"])
    assert result.exit_code == 2
    assert "--vars is to be like" in result.output


def test_vars_are_printed_for_dbt_without_csw(home):
    has(home, MIXED)
    printed = runner.invoke(app, ["vars"]).output
    assert json.loads(printed) == json.loads(vars_arguments(home)[1])


def test_file_that_is_no_mapping_is_told(home):
    with pytest.raises(SettingsFileError, match="is empty or not a list of settings"):
        Company.read(has(home, "- a\n").company_file)


def test_every_setting_is_documented(project_root):
    page = (project_root / "docs" / "company.md").read_text(encoding="utf-8")
    roads = [
        field.alias or name for road in ROADS.values() for name, field in road.model_fields.items()
    ]
    for name in [*Company.model_fields, *Schedule.model_fields, *roads]:
        assert f"`{name}`" in page, name


def test_example_of_the_documentation_is_right(home, project_root):
    page = (project_root / "docs" / "company.md").read_text(encoding="utf-8")
    has(home, page.partition("```yaml\n")[2].partition("```")[0])
    assert Company.read(home.company_file).own_vars["pause_policy"] == "keep"


@pytest.mark.long
def test_refresh_reads_company_yml_and_publishes(home, tmp_path, run_csw):
    project = tmp_path / "project"
    shutil.copytree(TINY_PROJECT, project)
    write_files(tmp_path / "drop", {"a1": 1200})
    answers = Answers("Acme", systems={"crm": "files", "billing": "files"}, folder="../drop")
    write_company(home, answers)
    done = run_csw("refresh", CSW_HOME=home.path, CSW_PROJECT=project)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Acme in " in done.stdout
    assert (home.published / "manifest.json").is_file()


def test_dbt_alone_stops_where_the_company_sets_something(home, tmp_path, project_root):
    project = tmp_path / "project"
    shutil.copytree(TINY_PROJECT, project)
    (project / "macros").mkdir(exist_ok=True)
    shutil.copy(project_root / "macros" / "own_settings.sql", project / "macros")
    home.create()
    told = '{"pause_policy": "keep"}'
    environment = dbt_environment(home)
    environment |= {"DBT_PROJECT_DIR": str(project), "DBT_PROFILES_DIR": str(project)}

    def dbt(*more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [dbt_executable(), "run-operation", "require_own_settings", *more],
            cwd=project,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    write_settings(home.warehouse, {"vars": told})
    alone = dbt()
    assert alone.returncode != 0
    assert "csw dbt -- build" in alone.stdout
    assert told in alone.stdout
    assert dbt("--vars", "as_of_date: 2025-12-31").returncode != 0
    assert dbt("--vars", told).returncode == 0
    write_settings(home.warehouse, {"vars": "{}"})
    assert dbt().returncode == 0


def test_what_the_company_takes_back_is_taken_back(home):
    home.create()
    write_settings(home.warehouse, {"vars": '{"pause_policy": "keep"}'})
    tell_vars(home)
    with duckdb.connect(str(home.warehouse), read_only=True) as warehouse:
        told = warehouse.execute("select value from raw_loads.settings where name = 'vars'")
        assert told.fetchall() == [("{}",)]


def test_every_run_of_dbt_asks_whether_it_knows_the_settings(project_root):
    text = (project_root / "dbt_project.yml").read_text(encoding="utf-8")
    assert 'on-run-start: ["{{ require_own_settings() }}"]' in text
