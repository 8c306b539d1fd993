"""company.yml says where a system was landed, and the refresh reads it there."""

from __future__ import annotations

from orchestration.home import Home
from orchestration.loads import Landed
from orchestration.raw_assets import load_request

COMPANY = """\
version: 1
company: Acme
domains: {{crm: [salesforce], billing: [], product: [], support: [], feedback: []}}
systems:
  salesforce:
    road: landed
    loader: fivetran
    database: {database}
    schema: sales
    tables: {{account: sf_account}}
    columns: {{account: {{segment__c: customer_tier__c}}}}
"""


def landed(tmp_path, database: str) -> Landed | None:
    home = Home(tmp_path / "home")
    home.create()
    home.company_file.write_text(COMPANY.format(database=database), encoding="utf-8")
    return load_request(home, home.read(), "salesforce", run_id="run", as_of=None).landed


def test_a_file_begins_at_the_home_and_names_are_passed_on(tmp_path):
    found = landed(tmp_path, "landed.duckdb")
    assert found == Landed.of(
        "fivetran",
        tmp_path / "home" / "landed.duckdb",
        "sales",
        {"account": "sf_account"},
        {"account": {"segment__c": "customer_tier__c"}},
    )


def test_a_database_elsewhere_is_named_as_it_is(tmp_path):
    assert landed(tmp_path, "md:acme").database == "md:acme"
