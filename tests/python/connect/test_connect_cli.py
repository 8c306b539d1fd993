"""`csw connect`, `csw check` and `csw refresh` of a company whose systems come by their APIs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import dagster as dg
import duckdb
import pytest
from dagster_dlt import DagsterDltResource
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.company import Company
from orchestration.company_init import Answers, findings, write_company
from orchestration.connectors.contract import contract_of
from orchestration.connectors.of_home import api_systems, road_of
from orchestration.connectors.road import vendor_names
from orchestration.home import Home, claim
from orchestration.loads.adapters import adapter_names, read_adapter
from orchestration.loads.landed import API
from orchestration.loads.spec import source_spec
from orchestration.raw_assets import build_raw_assets
from orchestration.session import RefreshSession
from tests.python.connect.company import at
from tests.python.connect.fake_stripe import KEY, FakeStripe

runner = CliRunner(env={"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"})
COMPANY = """\
version: 1
company: Acme
domains: {{billing: stripe}}
systems:
  stripe:
    road: api
    credentials: {{api_key: env:ACME_STRIPE}}
    base_url: {url}
"""


@pytest.fixture
def stripe(exports: Path) -> Iterator[FakeStripe]:
    with FakeStripe(at("2026-01-01")) as fake:
        fake.seed(exports / "stripe")
        fake.keeps = timedelta(days=36500)
        yield fake


@pytest.fixture
def company(home: Home, stripe: FakeStripe) -> Home:
    home.create()
    home.company_file.write_text(COMPANY.format(url=f"{stripe.url}/v1/"), encoding="utf-8")
    os.environ["ACME_STRIPE"] = KEY
    return home


def test_connect_fetches_and_a_second_time_finds_nothing_new(company: Home) -> None:
    result = runner.invoke(app, ["connect", "stripe"])
    assert result.exit_code == 0, result.output
    assert "customer" in result.output
    assert list((company.path / "api" / "stripe" / "invoice").glob("*.jsonl"))
    result = runner.invoke(app, ["connect"])
    assert result.exit_code == 0, result.output
    assert "customer" not in result.output
    assert KEY not in result.output


def test_a_check_shows_what_the_key_sees_and_fetches_nothing(
    company: Home, stripe: FakeStripe
) -> None:
    stripe.denied = {"disputes"}
    result = runner.invoke(app, ["connect", "stripe", "--check"])
    assert result.exit_code == 0, result.output
    assert "the last 30 days" in result.output
    assert "no (optional)" in result.output
    assert not (company.path / "api").exists()
    stripe.denied = {"invoices"}
    result = runner.invoke(app, ["connect", "stripe", "--check"])
    assert result.exit_code == 1
    assert "Invoices: read" in result.output


def test_a_key_that_is_refused_is_a_sentence_and_exit_code_one(company: Home) -> None:
    os.environ["ACME_STRIPE"] = "rk_live_revoked"
    result = runner.invoke(app, ["connect", "stripe", "--check"])
    assert result.exit_code == 1
    assert "Stripe, products: the key is refused (401)" in result.output
    assert "env:ACME_STRIPE" in result.output
    assert "rk_live_revoked" not in result.output


def test_a_system_that_comes_by_another_road_is_named(company: Home) -> None:
    result = runner.invoke(app, ["connect", "zendesk"])
    assert result.exit_code == 1
    assert "zendesk does not come by its API here" in result.output


def test_check_names_what_a_connection_lacks(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.create()
    write = home.company_file.write_text
    write(COMPANY.format(url="http://nowhere/v1/"), encoding="utf-8")
    told = "the environment variable ACME_STRIPE is empty or not set"
    for value in (None, ""):
        if value is not None:
            monkeypatch.setenv("ACME_STRIPE", value)
        assert told in (findings(home)[0].fault or "")
    text = (
        "version: 1\ncompany: Acme\ndomains: {support: zendesk, product: segment}\nsystems:\n"
        "  zendesk: {road: api, credentials: {api_token: env:PATH}, options: {subdomain: acme}}\n"
        "  segment: {road: api, credentials: {api_key: env:PATH}}\n"
    )
    write(text, encoding="utf-8")
    faults = {finding.system: finding.fault for finding in findings(home)}
    assert faults["zendesk"] == "company.yml does not say: email"
    assert faults["segment"].startswith("There is no connector for 'segment'")
    write(text.replace("api_token", "api_tokn"))
    assert findings(home)[0].fault == "company.yml does not say: api_token"
    write(text.replace("api_token: env:PATH", "api_token: env:PATH, tokn: env:PATH"))
    assert "there is no credential tokn" in str(findings(home)[0].fault)


def test_init_names_the_credentials_of_each_connector(home: Home) -> None:
    systems = {"crm": "salesforce", "billing": "stripe", "product": "files"}
    path = write_company(home, Answers("Acme", systems=systems, road="api"))
    company = Company.read(path)
    assert api_systems(home) == ["salesforce", "stripe"]
    for system in api_systems(home):
        assert list(company.systems[system].credentials) == contract_of(system).credentials
    text = path.read_text(encoding="utf-8")
    assert "# options: {domain: …}" in text
    # Salesforce has no list that a start would shorten.
    assert text.count("# start:") == 1


def test_a_system_that_needs_a_start_is_given_one_and_missed_without(home: Home) -> None:
    path = write_company(home, Answers("Acme", systems={"product": "amplitude"}, road="api"))
    text = path.read_text(encoding="utf-8")
    assert "\n    start: 2023-01-01" in text
    home.company_file.write_text(text.replace("    start: 2023-01-01", "    # no start"))
    assert "does not say: start" in str(findings(home)[0].fault)


def test_a_file_with_a_secret_begins_at_the_home(company: Home) -> None:
    (company.path / "stripe.key").write_text(KEY, encoding="utf-8")
    text = company.company_file.read_text(encoding="utf-8")
    company.company_file.write_text(text.replace("env:ACME_STRIPE", "file:stripe.key"))
    assert road_of(company, "stripe").secret("api_key") == KEY


def test_the_raw_tables_of_a_system_fetch_before_they_load(
    company: Home, stripe: FakeStripe
) -> None:
    claim(company)
    definitions = dg.Definitions(
        assets=[build_raw_assets(company, "stripe")],
        resources={
            "dlt": DagsterDltResource(),
            "session": RefreshSession(home=str(company.path)),
        },
    )
    job = definitions.get_implicit_global_asset_job_def()
    assert job.execute_in_process().success
    with duckdb.connect(str(company.warehouse), read_only=True) as warehouse:
        found = warehouse.execute("select count(*) from raw_stripe.invoice").fetchone()
    assert found == (len(stripe.lists["invoices"]),)


@pytest.mark.parametrize("vendor", sorted({*vendor_names()} - {*adapter_names()[API]}))
def test_every_declared_raw_table_is_filled_or_said_to_be_missing(vendor: str) -> None:
    filled = {table for each in contract_of(vendor).resources.values() for table in each.tables}
    assert filled <= set(source_spec(vendor).tables)
    # Delighted lists no surveys that were only sent (docs/connect/delighted.md).
    assert set(source_spec(vendor).tables) - filled <= {"survey_request"}


@pytest.mark.parametrize("vendor", adapter_names()[API])
def test_every_folder_that_an_adapter_reads_is_fetched_and_every_folder_is_read(
    vendor: str,
) -> None:
    contract, adapter = contract_of(vendor), read_adapter(API, vendor)
    folders = {table for each in contract.resources.values() for table in each.tables}
    read = {name for each in adapter.relations.values() for name in {*each.names} & folders}
    read |= {entry["from"] for entry in adapter.mapping.values()}
    assert read == folders
    assert all({*each.names} & folders for each in adapter.relations.values())
    assert all(contract.fills(each) for each in contract.resources.values())
