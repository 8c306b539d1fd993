"""A system that fills the tables of `files` by its API, beside a folder of files with a mapping."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import dagster as dg
import duckdb
import pytest
from dagster_dlt import DagsterDltResource
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.company import Company
from orchestration.company_init import Answers, write_company
from orchestration.home import Home, HomeError, claim
from orchestration.raw_assets import build_raw_assets
from orchestration.session import RefreshSession
from tests.python.connect.fake_hubspot import TOKEN, FakeHubspot
from tests.python.connect.hubspot_company import seed

pytestmark = pytest.mark.long

runner = CliRunner(env={"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"})
COMPANY = """\
version: 1
company: Acme
as_of: 2025-06-30
domains: {{crm: hubspot, support: hubspot, billing: files}}
systems:
  hubspot:
    road: api
    credentials: {{access_token: env:ACME_HUBSPOT}}
    base_url: {url}/
    columns: {{accounts: {{segment: property_own_tier}}}}
  files:
    road: files
    folder: deliveries
"""
MAPPING = """\
version: 1
files:
  subscriptions:
    from: contracts.csv
    columns: {subscription_id: no, account_id: customer, status: {value: active}, started_at: from}
  subscription_items:
    from: contracts.csv
    columns:
      subscription_item_id: no
      subscription_id: no
      valid_from: from
      quantity: {value: 1}
      unit_amount: price
      billing_interval: {value: month}
"""


@pytest.fixture
def company(home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Home, FakeHubspot]]:
    with FakeHubspot() as fake:
        seed(fake)
        fake.put("companies", 101, {"own_tier": "enterprise"})
        home.create()
        home.company_file.write_text(COMPANY.format(url=fake.url), encoding="utf-8")
        folder = home.path / "deliveries"
        folder.mkdir()
        (folder / "mapping.yml").write_text(MAPPING, encoding="utf-8")
        contracts = "no,customer,from,price\nC1,101,2025-01-01,100\nC2,102,2025-02-01,50\n"
        (folder / "contracts.csv").write_text(contracts, encoding="utf-8")
        monkeypatch.setenv("ACME_HUBSPOT", TOKEN)
        yield home, fake


def _loaded(home: Home) -> None:
    definitions = dg.Definitions(
        assets=[build_raw_assets(home, "files")],
        resources={
            "dlt": DagsterDltResource(),
            "session": RefreshSession(home=str(home.path)),
        },
    )
    job = definitions.get_implicit_global_asset_job_def()
    assert job.execute_in_process().success


def _rows(home: Home, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(home.warehouse), read_only=True) as warehouse:
        return warehouse.execute(sql).fetchall()


def test_a_refresh_fetches_the_system_and_reads_the_mapping_of_the_folder(
    company: tuple[Home, FakeHubspot],
) -> None:
    home, fake = company
    claim(home)
    _loaded(home)
    accounts = "select account_id, segment from raw_files.accounts order by 1"
    assert _rows(home, accounts) == [("101", "enterprise"), ("102", None), ("103", None)]
    found = "select subscription_id, account_id from raw_files.subscriptions order by 1"
    assert _rows(home, found) == [("C1", "101"), ("C2", "102")]
    unknown = "select count(*) from raw_loads.messages where message like '%C1%not in accounts%'"
    assert _rows(home, unknown) == [(0,)]
    asked = len(fake.asked)
    _loaded(home)
    assert len(fake.asked) > asked
    assert _rows(home, "select count(*) from raw_files.accounts") == [(3,)]


def test_without_a_folder_of_files_the_system_alone_is_enough(
    company: tuple[Home, FakeHubspot],
) -> None:
    home, _ = company
    text = home.company_file.read_text(encoding="utf-8")
    alone = text.partition("  files:")[0].replace(", billing: files", "")
    home.company_file.write_text(alone, encoding="utf-8")
    claim(home)
    _loaded(home)
    assert _rows(home, "select count(*) from raw_files.tickets") == [(3,)]


def test_a_system_fills_only_the_tables_of_the_domains_that_it_speaks_for(
    company: tuple[Home, FakeHubspot],
) -> None:
    home, _ = company
    text = home.company_file.read_text(encoding="utf-8")
    home.company_file.write_text(text.replace("support: hubspot, ", ""), encoding="utf-8")
    claim(home)
    _loaded(home)
    assert _rows(home, "select count(*) from raw_files.tickets") == [(0,)]
    assert _rows(home, "select count(*) from raw_files.accounts") == [(3,)]


def test_all_that_was_fetched_is_loaded_anew_into_a_new_warehouse(
    company: tuple[Home, FakeHubspot],
) -> None:
    home, _ = company
    claim(home)
    _loaded(home)
    before = _rows(home, "select account_id, account_name from raw_files.accounts order by 1")
    home.warehouse.unlink()
    _loaded(home)
    again = "select account_id, account_name from raw_files.accounts order by 1"
    assert _rows(home, again) == before


def test_connect_shows_what_the_token_sees_and_which_tables_that_fills(
    company: tuple[Home, FakeHubspot],
) -> None:
    home, fake = company
    fake.scopes -= {"tickets"}
    result = runner.invoke(app, ["connect", "hubspot", "--check", "--home", str(home.path)])
    assert result.exit_code == 0, result.output
    lines = {line.split("  ")[0].strip(): line for line in result.output.splitlines()}
    assert "accounts" in lines["companies"]
    assert "no (optional)" in lines["tickets"]


def test_a_column_that_no_table_has_and_a_system_with_models_of_its_own_are_refused(
    company: tuple[Home, FakeHubspot],
) -> None:
    home, _ = company
    text = home.company_file.read_text(encoding="utf-8")
    home.company_file.write_text(text.replace("segment:", "segmnt:"), encoding="utf-8")
    with pytest.raises(HomeError, match="accounts has no such column; did you mean 'segment'"):
        home.read()
    stripe = "  stripe: {road: api, credentials: {api_key: env:X}, columns: {invoice: {id: no}}}\n"
    named = text.replace("billing: files", "billing: [files, stripe]") + stripe
    home.company_file.write_text(named, encoding="utf-8")
    with pytest.raises(HomeError, match="columns are for a system without models of its own"):
        home.read()
    exports = "  hubspot: {road: files, folder: x}\n"
    begin, end = text.index("  hubspot:\n"), text.index("  files:\n")
    home.company_file.write_text(text[:begin] + exports + text[end:], encoding="utf-8")
    with pytest.raises(HomeError, match="as a loader landed it, or by its API; of its exports"):
        home.read()


def test_init_writes_the_road_of_a_system_without_models(home: Home) -> None:
    path = write_company(home, Answers("Acme", systems={"crm": "hubspot"}, road="api"))
    company = Company.read(path)
    assert list(company.systems["hubspot"].credentials) == ["access_token"]
    assert "# columns:" in path.read_text(encoding="utf-8")
