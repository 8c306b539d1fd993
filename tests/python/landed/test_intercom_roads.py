"""Intercom gives the same rows as landed by Fivetran and by Airbyte."""

from pathlib import Path

import pytest

from orchestration.loads import LoadError
from tests.python.landed import airbyte_intercom, airbyte_landing, intercom_company
from tests.python.landed.landing import Filled

LANDINGS = {
    "fivetran": intercom_company.land_intercom,
    "airbyte": airbyte_intercom.land_intercom,
}


def landed(root: Path, loader: str = "airbyte") -> Filled:
    """The company as a loader lands it."""
    filled = Filled("intercom", root, loader)
    LANDINGS[loader](filled.database)
    return filled


def contents(filled: Filled) -> dict[str, list[tuple]]:
    """Rows by table, without where they came from."""
    return {
        table: filled.rows(
            f"select columns(name -> not starts_with(name, '_')) from raw_files.{table}"
            " order by all"
        )
        for table in ("tickets", "ticket_events")
    }


@pytest.fixture(scope="module")
def fivetran(tmp_path_factory) -> dict[str, list[tuple]]:
    filled = landed(tmp_path_factory.mktemp("fivetran"), "fivetran")
    filled.load()
    return contents(filled)


@pytest.mark.road("Intercom", "airbyte")
def test_every_row_is_that_of_fivetran(fivetran, tmp_path):
    filled = landed(tmp_path)
    assert filled.load() == ""
    assert contents(filled) == fivetran


def test_streams_that_were_loaded_raw_give_the_same(fivetran, tmp_path, monkeypatch):
    monkeypatch.setattr(airbyte_landing, "stream", airbyte_landing.raw_stream)
    filled = landed(tmp_path)
    filled.load()
    assert contents(filled) == fivetran


def test_of_several_versions_the_newest_counts_and_an_assignee_may_be_an_id_alone(
    fivetran, tmp_path
):
    filled = landed(tmp_path)
    filled.load(
        "insert into intercom.conversations by name select * replace ('open' as state,"
        " 1 as updated_at) from intercom.conversations",
        "insert into intercom.contacts by name select * replace ('{\"data\": []}' as companies,"
        " 1 as updated_at) from intercom.contacts",
        "alter table intercom.conversation_parts alter assigned_to type varchar",
        "update intercom.conversation_parts set assigned_to = '7' where assigned_to is not null",
    )
    assert contents(filled) == fivetran


SAID = (
    "insert into intercom.conversation_parts by name select * replace ('{id}' as id,"
    ' \'{{"type": "{who}"}}\' as author, created_at + {later} as created_at)'
    " from intercom.conversation_parts where id = '11'"
)


def test_who_wrote_is_not_guessed(tmp_path):
    """An author who is not told stays unknown, one of an unknown kind is rejected by its word."""
    filled = landed(tmp_path)
    said = filled.load(
        'update intercom.conversations set source = \'{"type": "email"}\'',
        SAID.format(id="16", who="bot", later=60),
        SAID.format(id="17", who="fin", later=90),
        "update intercom.conversation_parts set author = null where id = '11'",
    )
    roles = (
        "select event_id, actor_role from raw_files.ticket_events"
        " where ticket_id = '1' and field = 'public_comment' order by 1"
    )
    assert filled.rows(roles) == [("11", None), ("16", "system"), ("opened", None)]
    assert "'fin'" in said


def test_what_the_team_opened_is_a_ticket_from_the_first_answer_on(tmp_path):
    """Its opening is no answer, so that the first response does not take 0 minutes."""
    filled = landed(tmp_path)
    filled.load(
        "update intercom.conversations set source ="
        ' \'{"delivered_as": "automated", "author": {"type": "admin"}}\'',
        SAID.format(id="16", who="lead", later=600),
        SAID.format(id="17", who="admin", later=900),
    )
    tickets = "select ticket_id, cast(created_at as varchar) from raw_files.tickets"
    assert filled.rows(tickets) == [("1", "2025-06-01 10:10:00")]
    events = (
        "select event_id, field, actor_role from raw_files.ticket_events"
        " where occurred_at < '2025-06-02' order by occurred_at, event_id"
    )
    assert filled.rows(events) == [
        ("16", "public_comment", "end_user"),
        ("opened", "status", None),
        ("17", "public_comment", "agent"),
    ]


def test_a_first_reply_that_intercom_dates_is_when_the_customer_asked(tmp_path):
    filled = landed(tmp_path)
    filled.load(
        'update intercom.conversations set source = \'{"author": {"type": "admin"}}\'',
        "alter table intercom.conversations drop first_contact_reply",
        "alter table intercom.conversations add first_contact_reply json",
        "update intercom.conversations set first_contact_reply ="
        " '{\"created_at\": 1748858400}' where id = '2'",
    )
    tickets = "select ticket_id, cast(created_at as varchar) from raw_files.tickets"
    assert filled.rows(tickets) == [("2", "2025-06-02 10:00:00")]


def test_a_reply_that_closes_is_an_answer_and_one_that_reopens_is_the_customers(tmp_path):
    filled = landed(tmp_path)
    said = (
        "insert into intercom.conversation_parts by name select * replace ('{id}' as id,"
        " '{{\"type\": \"{who}\"}}' as author, '{kind}' as part_type, '{text}' as body)"
        " from intercom.conversation_parts where id = '11'"
    )
    filled.load(
        "alter table intercom.conversation_parts add body varchar",
        said.format(id="16", who="admin", kind="close", text="<p>Done</p>"),
        said.format(id="17", who="user", kind="open", text="<p>Not quite</p>"),
        said.format(id="18", who="admin", kind="note_and_reopen", text="<p>Again</p>"),
    )
    found = filled.rows(
        "select event_id, field, value, actor_role from raw_files.ticket_events"
        " where event_id in ('16', '17', '18') order by 1, 2"
    )
    assert found == [
        ("16", "public_comment", None, "agent"),
        ("16", "status", "closed", "agent"),
        ("17", "public_comment", None, "end_user"),
        ("17", "status", "open", "end_user"),
        ("18", "status", "open", "agent"),
    ]


def test_an_attribute_of_the_company_may_name_the_account(tmp_path):
    account = "coalesce(companies.company.custom_attributes ->> '$.crm_id', 'unassigned')"
    filled = landed(tmp_path)
    filled.load(columns={"tickets": {"account_id": account}})
    found = filled.rows("select account_id from raw_files.tickets order by 1")
    assert found == [("crm1",), ("unassigned",)]


@pytest.mark.parametrize("table", ["contacts", "companies"])
def test_without_people_or_companies_a_conversation_is_nobodys_and_that_is_told(tmp_path, table):
    filled = landed(tmp_path)
    assert "no conversation belongs to an account" in filled.load(f"drop table intercom.{table}")
    found = filled.rows("select distinct account_id from raw_files.tickets")
    assert found == [("unassigned",)]


def test_without_parts_there_are_no_events_and_that_is_told(tmp_path):
    filled = landed(tmp_path)
    said = filled.load("drop table intercom.conversation_parts")
    assert "when a conversation was answered, closed or reopened is not known" in said
    delivered = {row[0] for row in filled.rows("select source_table from raw_loads.file_counts")}
    assert delivered == {"tickets"}


def test_a_landing_without_conversations_is_refused(tmp_path):
    with pytest.raises(LoadError, match=r"intercom\.conversation"):
        landed(tmp_path).load("drop table intercom.conversations")
