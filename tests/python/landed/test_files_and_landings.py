"""Files and landings that fill the same tables: each for its domains, each on its own."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import duckdb
import pytest

from orchestration.home import Home
from orchestration.loads import LoadError, LoadReport, load
from orchestration.raw_assets import load_request
from tests.python.landed.fivetran_hubspot import land_hubspot
from tests.python.landed.landing import change

FILES = {
    "accounts.csv": "account_id,account_name\nA1,Acme\n",
    "contacts.csv": "contact_id,account_id\nC1,A1\n",
    "subscriptions.csv": "subscription_id,account_id,status,started_at\nS1,A1,active,2025-01-01\n",
    "subscription_items.csv": "subscription_item_id,subscription_id,valid_from,quantity,"
    "unit_amount,billing_interval\nI1,S1,2025-01-01,1,10,month\n",
    "fx_rates.csv": "currency,valid_from,rate_to_reporting\nEUR,2025-01-01,1.1\n",
}
COMPANY = """\
version: 1
company: Acme
domains: {domains}
systems:
  files: {{road: files, folder: delivered}}
  hubspot: {{road: landed, loader: fivetran, database: landed.duckdb, schema: hubspot}}
"""
INTERCOM = """\
  intercom: {{road: landed, loader: fivetran, database: {database}, schema: {schema}{more}}}
"""
ALL = {"crm": ["files", "hubspot"], "billing": ["files"], "support": ["intercom"]}


@pytest.fixture
def home(tmp_path) -> Home:
    home = Home(tmp_path / "home")
    home.create()
    folder = home.path / "delivered"
    folder.mkdir()
    for name, content in FILES.items():
        (folder / name).write_text(content, encoding="utf-8")
    land_hubspot(home.path / "landed.duckdb")
    return home


def loaded(home: Home, more: str = "", run: str = "run", **domains: list[str]) -> LoadReport:
    """Load the tables of files as company.yml has it."""
    domains = {name: [] for name in ("product", "feedback", "support")} | domains
    written = COMPANY.format(domains=json.dumps(domains)) + more
    home.company_file.write_text(written, encoding="utf-8")
    return load(load_request(home, home.read(), "files", run_id=run, as_of=None))


def failed(home: Home, more: str = "", **domains: list[str]) -> str:
    """The same where something cannot be loaded: what is said of it."""
    with pytest.raises(LoadError) as problem:
        loaded(home, more, **domains)
    return str(problem.value)


def rows(warehouse: Path, table: str, column: str) -> list[str]:
    with duckdb.connect(str(warehouse)) as connection:
        found = connection.execute(f"select {column} from raw_files.{table} order by 1")
        return [row[0] for row in found.fetchall()]


def said(report: LoadReport, severity: str) -> list[str]:
    return [message.text for message in report.messages if message.severity == severity]


def test_a_landing_that_is_named_for_support_brings_no_customers(home):
    report = loaded(home, crm=["files"], billing=["files"], support=["hubspot"])
    assert rows(home.warehouse, "accounts", "account_id") == ["A1"]
    assert rows(home.warehouse, "contacts", "contact_id") == ["C1"]
    assert rows(home.warehouse, "tickets", "ticket_id") == ["501", "502", "503"]
    told = [text for text in said(report, "info") if text.startswith("hubspot speaks for")]
    assert told == [
        "hubspot speaks for support alone, so of it are not read: accounts, csms, contacts,"
        " opportunities, touchpoints"
    ]
    # The accounts of the folder have other ids.
    assert len(said(report, "warning")) == 1


def test_files_that_are_named_for_billing_bring_no_customers_but_every_rate(home):
    report = loaded(home, crm=["hubspot"], billing=["files"])
    assert rows(home.warehouse, "accounts", "account_id") == ["101", "102", "103"]
    assert rows(home.warehouse, "contacts", "contact_id") == ["201"]
    assert rows(home.warehouse, "subscriptions", "subscription_id") == ["S1"]
    assert rows(home.warehouse, "fx_rates", "currency") == ["EUR"]
    told = [text for text in said(report, "info") if text.startswith("files speak for")]
    assert told == [
        "files speak for billing alone, so these are not read: accounts.csv, contacts.csv"
    ]
    # What is warned of is in HubSpot: a deal of no kind.
    assert [text for text in said(report, "warning") if ".csv" in text] == []


def test_entries_of_a_mapping_for_other_domains_are_not_read_and_no_fault(home):
    (home.path / "delivered" / "mapping.yml").write_text(
        "version: 1\nfiles:\n  accounts: {from: no_such.csv}\n  contacts: {from: contacts.csv}\n",
        encoding="utf-8",
    )
    report = loaded(home, crm=["hubspot"], billing=["files"])
    assert rows(home.warehouse, "contacts", "contact_id") == ["201"]
    told = [text for text in said(report, "info") if text.startswith("files speak for")]
    assert len(told) == 1
    assert "contacts.csv" in told[0]
    assert said(report, "error") == []


def test_two_systems_of_one_domain_are_both_read(home):
    loaded(home, crm=["files", "hubspot"], billing=["files"])
    assert rows(home.warehouse, "accounts", "account_id") == ["101", "102", "103", "A1"]


@pytest.mark.parametrize(
    ("intercom", "said"),
    [
        ({"database": "gone.duckdb", "schema": "intercom"}, "gone.duckdb, which fivetran fills"),
        ({"database": "landed.duckdb", "schema": "intercon"}, "no tables in a schema 'intercon'"),
        (
            {"database": "landed.duckdb", "schema": "hubspot", "more": ", tables: {chats: chat}"},
            "company.yml names a table 'chats'",
        ),
    ],
)
def test_a_landing_that_cannot_be_read_fails_alone_and_by_its_name(home, intercom, said):
    text = failed(home, INTERCOM.format(**{"more": ""} | intercom), **ALL)
    assert "files: 1 problem(s)" in text
    assert "intercom: " in text
    assert said in text
    assert rows(home.warehouse, "accounts", "account_id") == ["101", "102", "103", "A1"]
    assert rows(home.warehouse, "contacts", "contact_id") == ["201", "C1"]
    assert rows(home.warehouse, "subscriptions", "subscription_id") == ["S1"]


def test_a_table_that_a_landing_cannot_give_is_still_taken_from_files(home):
    change(home.path / "landed.duckdb", "alter table hubspot.contact rename id to contact_key")
    text = failed(home, crm=["files", "hubspot"], billing=["files"])
    assert "files: 1 problem(s)" in text
    assert "hubspot.contact has no column 'id'" in text
    assert rows(home.warehouse, "accounts", "account_id") == ["101", "102", "103", "A1"]
    assert rows(home.warehouse, "contacts", "contact_id") == ["C1"]


def test_files_that_cannot_be_read_do_not_keep_a_landing_back(home):
    mapping = "version: 1\nfiles:\n  contacts: {from: no_such.csv}\n"
    (home.path / "delivered" / "mapping.yml").write_text(mapping, encoding="utf-8")
    assert "no_such.csv" in failed(home, crm=["files", "hubspot"], billing=["files"])
    assert rows(home.warehouse, "contacts", "contact_id") == ["201"]


def test_required_tables_are_asked_for_where_the_folder_is_missing_beside_a_landing(home):
    shutil.rmtree(home.path / "delivered")
    text = failed(home, crm=["hubspot"], billing=["files"])
    assert "delivered does not exist" in text
    assert "required table subscriptions is missing" in text
    assert "required table accounts" not in text
    assert rows(home.warehouse, "accounts", "account_id") == ["101", "102", "103"]


def test_a_company_without_files_is_asked_for_none(home):
    domains = {name: [] for name in ("billing", "product", "feedback", "support")}
    written = COMPANY.format(domains=json.dumps(domains | {"crm": ["hubspot"]}))
    written = "".join(line for line in written.splitlines(keepends=True) if "folder" not in line)
    home.company_file.write_text(written, encoding="utf-8")
    report = load(load_request(home, home.read(), "files", run_id="run", as_of=None))
    assert said(report, "error") == []
    assert rows(home.warehouse, "accounts", "account_id") == ["101", "102", "103"]


BOTH = {"crm": ["files", "hubspot"], "billing": ["files"]}
GONE = "select distinct contact_id from raw_files.contacts where _gone_load_id is not null"


def gone(home: Home) -> list[str]:
    """Contacts that whole deliveries had and have no more."""
    with duckdb.connect(str(home.warehouse)) as connection:
        return sorted(row[0] for row in connection.execute(GONE).fetchall())


@pytest.mark.parametrize("statement", ["drop table hubspot.contact", "delete from hubspot.contact"])
def test_only_who_brings_a_table_says_what_is_gone_from_it(home, statement):
    loaded(home, run="1", **BOTH)
    database = home.path / "landed.duckdb"
    change(database, "create table hubspot.kept as from hubspot.contact", statement)
    (home.path / "delivered" / "contacts.csv").write_text(
        "contact_id,account_id\nC2,A1\n", encoding="utf-8"
    )
    report = loaded(home, run="2", **BOTH)
    assert gone(home) == ["C1"]
    warned = "\n".join(said(report, "warning"))
    assert "hubspot brings no row of it this time, so the 1 that came from there stay" in warned
    assert (
        "delivery: {contacts: increment} in a mapping.yml (version: 1) beside the files" in warned
    )
    change(
        database,
        "create or replace table hubspot.contact as select * replace (204 as id)"
        " from hubspot.kept where id = 201",
    )
    report = loaded(home, run="3", **BOTH)
    assert gone(home) == ["201", "C1"]
    warned = "\n".join(text for text in said(report, "warning") if "are gone" in text)
    assert "If hubspot still has them, see why its loader lands them no more" in warned
    assert "mapping.yml" not in warned


def test_a_row_belongs_to_who_brought_it_last(home):
    with_hubspot = "contact_id,account_id,email,role\nC1,A1,,\n201,101,ann@acme.example,champion\n"
    contacts = home.path / "delivered" / "contacts.csv"
    without = contacts.read_text(encoding="utf-8")
    contacts.write_text(with_hubspot, encoding="utf-8")
    database = home.path / "landed.duckdb"
    change(
        database, "create table hubspot.kept as from hubspot.contact", "drop table hubspot.contact"
    )
    loaded(home, run="1", **BOTH)
    # HubSpot brings it from now on, and then has it no more.
    contacts.write_text(without, encoding="utf-8")
    change(database, "create table hubspot.contact as from hubspot.kept")
    loaded(home, run="2", **BOTH)
    assert gone(home) == []
    change(database, "update hubspot.contact set id = 204 where id = 201")
    contacts.unlink()
    loaded(home, run="3", **BOTH)
    assert gone(home) == ["201"]


def test_rows_of_a_system_that_is_named_no_more_are_gone(home):
    loaded(home, run="1", **BOTH)
    loaded(home, run="2", crm=["hubspot"], billing=["files"])
    assert gone(home) == ["C1"]
