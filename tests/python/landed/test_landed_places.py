"""Where a landing may lie, and what of that is shown."""

from __future__ import annotations

import re

import pytest
import yaml

from orchestration.loads import Landed, LoadError, LoadRequest, load
from orchestration.loads.landed_database import own_schemas
from orchestration.project import project_root
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
