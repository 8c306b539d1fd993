"""Where a landing may lie, and what of that is shown."""

from __future__ import annotations

import json
import re
import traceback

import duckdb
import pytest
import yaml

from orchestration.company_init import findings
from orchestration.home import Home
from orchestration.loads import Landed, LoadError, LoadRequest, landed_database, load
from orchestration.loads.landed_database import own_schemas
from orchestration.project import project_root
from orchestration.raw_assets import load_request
from tests.python.landed.fivetran_stripe import land_stripe
from tests.python.landed.landing import change
from tests.python.landed.stripe_company import stripe

OWN = ("staging", "ledger", "raw_zendesk")


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory):
    """A warehouse in whose own schemas another loader landed, under a name of its own, too."""
    warehouse = tmp_path_factory.mktemp("home") / "warehouse.duckdb"
    land_stripe(warehouse, stripe().tables, "billing")
    create = [f"create schema {each}; create table {each}.customer (id varchar)" for each in OWN]
    change(warehouse, *create)
    return warehouse


@pytest.mark.parametrize("schema", [*OWN, "STAGING"])
def test_a_landing_in_a_schema_that_this_project_writes_is_refused(warehouse, schema):
    landed = Landed.of("fivetran", warehouse, schema)
    with pytest.raises(LoadError) as problem:
        load(LoadRequest("stripe", warehouse.parent, warehouse, "run", landed=landed))
    assert f"fivetran may not land in the schema '{schema}' of warehouse.duckdb" in str(
        problem.value
    )
    assert "another schema, such as 'stripe'" in str(problem.value)


def test_a_check_of_the_company_tells_it_before_a_refresh(tmp_path):
    home = Home(tmp_path / "home")
    home.create()
    written = COMPANY.format(database="warehouse.duckdb").replace("public", "facts")
    home.company_file.write_text(written, encoding="utf-8")
    change(home.warehouse, "create schema facts")
    (finding,) = findings(home)
    assert "may not land in the schema 'facts'" in (finding.fault or "")


def test_another_schema_of_the_warehouse_is_read(warehouse):
    landed = Landed.of("fivetran", warehouse, "billing")
    report = load(LoadRequest("stripe", warehouse.parent, warehouse, "run", landed=landed))
    assert report.total("rows_loaded") > 100


def test_every_schema_that_models_read_or_make_is_known_as_own():
    sources = [
        source.get("schema", source["name"])
        for path in project_root().glob("models/**/*.yml")
        for source in (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("sources", [])
    ]
    assert sources
    assert set(sources) <= own_schemas()


def test_the_page_names_every_schema_that_is_own():
    page = (project_root() / "docs/connect/landed-tables.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(\w+)`", page))
    assert {name for name in own_schemas() if not name.startswith("raw_")} <= named
    assert {"raw_files", "raw_loads"} <= named


POSTGRES_FORMS = [
    ("postgresql://me:s3cr%40t@db.example:5432/wh?sslmode=require", None),
    ("postgres://me:s3cr@t@db.example/wh", None),
    ("postgres:postgresql://me:s3cr%40t@db.example/wh", "postgresql://me:s3cr%40t@db.example/wh"),
    ("postgres:host=db password=s3cr@t user=me", "host=db password=s3cr@t user=me"),
    ("postgres:host=db password='s3cr@t' user=me", "host=db password='s3cr@t' user=me"),
]


@pytest.mark.parametrize(("database", "attached_as"), POSTGRES_FORMS)
def test_a_postgres_database_is_a_url_or_keys_and_values(tmp_path, database, attached_as):
    landed = Landed.of("airbyte", database, "public")
    assert landed.file is None
    assert landed.postgres == (attached_as or database)
    company = COMPANY.format(database=json.dumps(database))
    assert road(tmp_path, company) == landed


@pytest.mark.parametrize(
    "database",
    [
        *(form for form, _ in POSTGRES_FORMS),
        "md:acme?motherduck_token=s3cr@t",
        "motherduck:acme?motherduck_token=s3cr@t&saas_mode=true",
    ],
)
def test_no_secret_of_a_database_is_shown(tmp_path, monkeypatch, database):
    """DuckDB repeats what it was to attach, and libpq what it took from that."""

    def attach(connection, landed):
        raise duckdb.IOException(f'cannot connect to "{landed.database}" by s3cr@t or s3cr%40t')

    monkeypatch.setattr(landed_database, "_attach", attach)
    landed = Landed.of("airbyte", database, "public")
    request = LoadRequest("stripe", tmp_path, tmp_path / "warehouse.duckdb", "run", landed=landed)
    with pytest.raises(LoadError) as problem:
        load(request)
    shown = [str(problem.value), repr(landed), repr(request), landed.shown]
    shown += traceback.format_exception(problem.value)
    assert "cannot connect" in shown[0]
    assert not [text for text in shown if "s3cr" in text]


def test_a_database_at_motherduck_is_shown_by_its_name():
    assert Landed.of("dlt", "md:acme?motherduck_token=x", "stripe").shown == "md:acme"


COMPANY = """\
version: 1
company: Acme
domains: {{crm: [], billing: [stripe], product: [], support: [], feedback: []}}
systems:
  stripe: {{road: landed, loader: airbyte, database: {database}, schema: public}}
"""


def road(tmp_path, company: str) -> Landed | None:
    """Where company.yml says that Stripe was landed."""
    home = Home(tmp_path / "home")
    home.create()
    home.company_file.write_text(company, encoding="utf-8")
    return load_request(home, home.read(), "stripe", run_id="run", as_of=None).landed
