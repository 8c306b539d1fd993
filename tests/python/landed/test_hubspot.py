"""HubSpot, as Fivetran lands it, fills the tables of `files`."""

from datetime import date

import pytest

from orchestration.loads import LoadError
from tests.python.landed.fivetran_hubspot import land_hubspot
from tests.python.landed.landing import Filled

pytestmark = pytest.mark.road("HubSpot", "fivetran")


@pytest.fixture
def hubspot(tmp_path) -> Filled:
    filled = Filled("hubspot", tmp_path)
    land_hubspot(filled.database)
    return filled


def test_companies_are_accounts(hubspot):
    hubspot.load()
    assert hubspot.rows(
        "select account_id, account_name, parent_account_id, employee_count, csm_id, is_deleted"
        " from raw_files.accounts order by account_id",
    ) == [
        ("101", "Acme", None, 120, "9", False),
        ("102", "nameless.example", "101", None, None, False),
        ("103", "Gone", None, None, None, True),
    ]
    assert hubspot.rows("select csm_id, csm_name from raw_files.csms order by 1") == [
        ("8", "Cleo Success"),
        ("9", "sales@us.example"),
    ]


def test_a_property_of_the_company_may_stand_for_a_column(hubspot):
    named = {"accounts": {"csm_id": "property_csm", "segment": "property_tier"}}
    hubspot.load(columns=named)
    found = hubspot.rows("select csm_id, segment from raw_files.accounts where account_id = '101'")
    assert found == [("8", "enterprise")]


def test_contacts_of_no_company_and_deleted_ones_are_left_out(hubspot):
    hubspot.load()
    assert hubspot.rows("select contact_id, account_id, role from raw_files.contacts") == [
        ("201", "101", "champion")
    ]


def test_a_deal_belongs_to_its_primary_company_and_its_pipeline_says_that_it_renews(hubspot):
    said = hubspot.load()
    assert hubspot.rows(
        "select opportunity_id, account_id, type, stage, cast(amount as double), close_date,"
        " is_won, is_closed from raw_files.opportunities order by 1",
    ) == [
        ("301", "101", "new", "Closed won", 1200.5, date(2024, 2, 1), True, True),
        ("302", "101", "renewal", "In talks", 1300.0, None, False, False),
    ]
    # What kind of business a deal is was not told: it is not guessed.
    assert "opportunities" in said
    assert hubspot.rows("select row_key from raw_files.rejects") == [("303",)]


def test_meetings_are_touchpoints_of_the_kind_the_team_names(hubspot):
    hubspot.load()
    assert hubspot.rows(
        "select touchpoint_id, account_id, type, csm_id from raw_files.touchpoints order by 1",
    ) == [("401", "101", "qbr", "8"), ("402", "102", "meeting", None)]


def test_the_status_of_a_ticket_is_that_of_its_stage(hubspot):
    hubspot.load()
    assert hubspot.rows(
        "select ticket_id, account_id, status from raw_files.tickets order by 1"
    ) == [
        ("501", "101", "waiting on contact"),
        ("502", "102", "closed"),
        ("503", "unassigned", "open"),
    ]
    assert hubspot.rows(
        "select ticket_id, field, value from raw_files.ticket_events order by occurred_at",
    ) == [("502", "status", "new"), ("502", "status", "closed")]


def test_without_the_table_of_stages_a_stage_of_the_company_is_not_taken_for_open(hubspot):
    said = hubspot.load("drop table hubspot.ticket_pipeline_stage")
    assert "ticket_pipeline_stage was not landed" in said
    assert hubspot.rows("select ticket_id, status from raw_files.tickets order by 1") == [
        ("501", "waiting on contact"),
        ("502", "900"),
        ("503", "901"),
    ]


def test_a_company_without_companies_is_told_what_to_do(hubspot):
    with pytest.raises(LoadError, match=r"hubspot\.company"):
        hubspot.load("drop table hubspot.company")


def test_tables_that_are_not_synced_are_not_delivered(hubspot):
    hubspot.load(
        "drop table hubspot.deal",
        "drop table hubspot.ticket",
        "drop table hubspot.engagement_company",
    )
    delivered = {row[0] for row in hubspot.rows("select source_table from raw_loads.file_counts")}
    assert delivered == {"accounts", "csms", "contacts"}


def test_sound_data_are_warned_of_by_nothing_but_the_deal_of_no_kind(hubspot):
    warned = [line for line in hubspot.load(severity="warning").splitlines() if line]
    assert len(warned) == 1
    assert warned[0].startswith("opportunities")


@pytest.mark.parametrize(
    ("table", "raw", "said"),
    [
        (
            "deal_company",
            "opportunities",
            "hubspot.opportunities is not delivered without hubspot.deal_company. Select",
        ),
        ("ticket_company", "tickets", "hubspot.tickets is not delivered"),
        ("ticket_property_history", "ticket_events", "hubspot.ticket_events is not delivered"),
        (
            "engagement_company",
            "touchpoints",
            "delivered without hubspot.engagement_company. Select",
        ),
        (
            "engagement_meeting",
            "touchpoints",
            "without one of hubspot.engagement_meeting, hubspot.",
        ),
        ("engagement_contact", None, "with whom a meeting, call or email was is not known"),
        ("ticket_contact", None, "who asked is not known"),
        ("deal_pipeline", None, "that a deal renews is known by its type alone"),
        ("deal_pipeline_stage", None, "stages of deals have no name"),
    ],
)
def test_a_table_that_is_missing_beside_others_is_named_and_no_zero(hubspot, table, raw, said):
    told = hubspot.load(f"drop table hubspot.{table}", severity="warning")
    assert said in told
    assert f"hubspot.{table}" in told
    delivered = {row[0] for row in hubspot.rows("select source_table from raw_loads.file_counts")}
    assert raw not in delivered


def test_companies_of_contacts_are_needed_only_where_their_property_is_not_landed(hubspot):
    said = "which company a contact is of is not known"
    assert said not in hubspot.load("drop table hubspot.contact_company")
    assert said in hubspot.load("alter table hubspot.contact drop property_associatedcompanyid")
