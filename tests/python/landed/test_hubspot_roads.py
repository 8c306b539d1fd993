"""HubSpot gives the same rows whoever landed it; what a loader cannot tell is named here."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from orchestration.loads import LoadError
from tests.python.landed import airbyte_hubspot, airbyte_landing, dlt_hubspot, hubspot_company
from tests.python.landed.landing import Filled

TABLES = {
    "accounts",
    "csms",
    "contacts",
    "opportunities",
    "touchpoints",
    "tickets",
    "ticket_events",
}
# Tables that a loader cannot fill.
MISSING = {"airbyte": {"ticket_events"}, "dlt": {"touchpoints"}}
LANDINGS: dict[str, Callable[[Path], None]] = {
    "fivetran": hubspot_company.land_hubspot,
    "airbyte": airbyte_hubspot.land_hubspot,
    "dlt": dlt_hubspot.land_hubspot,
}


def landed(root: Path, loader: str, land: Callable[[Path], None] | None = None) -> Filled:
    """The company as a loader lands it."""
    root.mkdir(exist_ok=True)
    filled = Filled("hubspot", root, loader)
    (land or LANDINGS[loader])(filled.database)
    return filled


def contents(filled: Filled) -> dict[str, list[tuple]]:
    """Rows by delivered table, without where they came from."""
    delivered = {row[0] for row in filled.rows("select source_table from raw_loads.file_counts")}
    found = {
        table: filled.rows(
            f"select columns(name -> not starts_with(name, '_')) from raw_files.{table}"
            " order by 1, 2"
        )
        for table in delivered
    }
    rejected = "select source_table, row_key, reason from raw_files.rejects order by 1, 2"
    return found | {"rejects": filled.rows(rejected)}


@pytest.fixture(scope="module")
def fivetran(tmp_path_factory) -> dict[str, list[tuple]]:
    filled = landed(tmp_path_factory.mktemp("fivetran"), "fivetran")
    filled.load()
    found = contents(filled)
    assert set(found) == TABLES | {"rejects"}
    return found


def told(found: dict[str, list[tuple]], loader: str) -> dict[str, list[tuple]]:
    """What a loader can tell of it; Airbyte's table has no company that is gone."""
    kept = {table: rows for table, rows in found.items() if table not in MISSING.get(loader, ())}
    if loader == "airbyte":
        kept["accounts"] = [row for row in kept["accounts"] if True not in row]
    return kept


@pytest.mark.road("HubSpot", "airbyte", "dlt")
@pytest.mark.parametrize("loader", ["airbyte", "dlt"])
def test_every_row_is_that_of_fivetran(fivetran, tmp_path, loader):
    filled = landed(tmp_path, loader)
    filled.load()
    assert contents(filled) == told(fivetran, loader)


def test_streams_that_airbyte_loaded_raw_give_the_same(fivetran, tmp_path, monkeypatch):
    monkeypatch.setattr(airbyte_landing, "stream", airbyte_landing.raw_stream)
    filled = landed(tmp_path, "airbyte")
    filled.load()
    assert contents(filled) == told(fivetran, "airbyte")


def test_of_several_rows_that_airbyte_appended_the_newest_counts(fivetran, tmp_path):
    filled = landed(tmp_path, "airbyte")
    before = "'2025-01-01 00:00:00+00'::timestamptz"
    filled.load(
        "insert into hubspot.companies by name select * replace ('Before' as properties_name,"
        f' {before} as "updatedAt") from hubspot.companies',
        "insert into hubspot.deals by name select * replace (1.0 as properties_amount,"
        f' {before} as "updatedAt") from hubspot.deals',
        "insert into hubspot.tickets by name select * replace ('1' as"
        f' properties_hs_pipeline_stage, {before} as "updatedAt") from hubspot.tickets',
    )
    assert contents(filled) == told(fivetran, "airbyte")


def test_lists_that_dlt_kept_as_json_give_the_same(fivetran, tmp_path):
    filled = landed(tmp_path, "dlt", partial(dlt_hubspot.land_hubspot, nesting=0))
    filled.load()
    assert contents(filled) == told(fivetran, "dlt")


@pytest.mark.parametrize("loader", ["airbyte", "dlt"])
def test_an_object_of_several_companies_belongs_to_its_primary_one(tmp_path, loader):
    """Lists do not tell it, a property of the deal does."""
    filled = landed(tmp_path, loader)
    column = {"airbyte": "properties_hs_primary_associated_company"}.get(
        loader, "hs_primary_associated_company"
    )
    filled.load(f"update hubspot.deals set {column} = 102 where id = '301'")
    account = "select account_id from raw_files.opportunities where opportunity_id = '301'"
    assert filled.rows(account) == [("102",)]


@pytest.mark.parametrize(
    ("loader", "csm", "segment"),
    [("airbyte", "properties_csm", "properties_tier"), ("dlt", "csm", "tier")],
)
def test_a_property_of_the_company_may_stand_for_a_column(tmp_path, loader, csm, segment):
    filled = landed(tmp_path, loader)
    filled.load(columns={"accounts": {"csm_id": csm, "segment": segment}})
    found = "select csm_id, segment from raw_files.accounts where account_id = '101'"
    assert filled.rows(found) == [("8", "enterprise")]


def test_a_property_that_was_cleared_is_none(tmp_path):
    filled = landed(tmp_path, "airbyte")
    filled.load(
        "update hubspot.companies set properties_name = '', properties_domain = '',"
        " properties_hubspot_owner_id = '' where id = '101'"
    )
    found = "select account_name, domain, csm_id from raw_files.accounts where account_id = '101'"
    assert filled.rows(found) == [("101", None, None)]


def test_a_deal_that_was_restored_and_changed_since_is_none_that_is_gone(tmp_path):
    filled = landed(tmp_path, "airbyte")
    filled.load(
        "update hubspot.deals set \"updatedAt\" = '2025-07-02 10:00:00+00' where id = '304'"
    )
    found = "select count(*) from raw_files.opportunities where opportunity_id = '304'"
    assert filled.rows(found) == [(1,)]


def test_that_deals_which_are_gone_cannot_be_told_is_said(tmp_path):
    said = landed(tmp_path, "airbyte").load("drop table hubspot.deals_archived")
    assert "deals_archived was not landed" in said


@pytest.mark.parametrize(
    ("loader", "table"), [("airbyte", "ticket_pipelines"), ("dlt", "pipelines_tickets")]
)
def test_without_the_stages_a_stage_of_the_company_is_not_taken_for_open(tmp_path, loader, table):
    filled = landed(tmp_path, loader)
    assert f"{table} was not landed" in filled.load(f"drop table hubspot.{table}")
    assert filled.rows("select ticket_id, status from raw_files.tickets order by 1") == [
        ("501", "waiting on contact"),
        ("502", "900"),
        ("503", "901"),
    ]


@pytest.mark.parametrize(
    ("loader", "statement", "named"),
    [
        ("airbyte", "drop table hubspot.companies", r"hubspot\.companies"),
        ("airbyte", "alter table hubspot.companies drop properties_name", r"properties_name"),
        ("dlt", "drop table hubspot.companies", r"hubspot\.companies"),
    ],
)
def test_companies_or_a_name_that_is_absent_is_refused(tmp_path, loader, statement, named):
    with pytest.raises(LoadError, match=named):
        landed(tmp_path, loader).load(statement)


def test_calls_whose_companies_were_not_landed_are_refused(tmp_path):
    with pytest.raises(LoadError, match=r"engagements_calls has no column 'companies'"):
        landed(tmp_path, "airbyte").load("alter table hubspot.engagements_calls drop companies")


def test_without_soft_deletes_dlt_does_not_tell_what_is_gone(fivetran, tmp_path):
    filled = landed(tmp_path, "dlt")
    tables = ("companies", "contacts", "deals", "tickets")
    filled.load(
        *(f"delete from hubspot.{table} where is_deleted" for table in tables),
        *(f"alter table hubspot.{table} drop is_deleted" for table in tables),
    )
    accounts = "select account_id, is_deleted from raw_files.accounts order by 1"
    assert filled.rows(accounts) == [("101", None), ("102", None)]
    assert contents(filled)["opportunities"] == fivetran["opportunities"]
