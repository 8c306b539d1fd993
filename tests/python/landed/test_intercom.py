"""Intercom, as Fivetran lands it, fills the tables of `files`."""

import pytest

from orchestration.loads import LoadError
from tests.python.landed.fivetran_intercom import NEW, OLD, land_intercom
from tests.python.landed.landing import Filled

pytestmark = pytest.mark.road("Intercom", "fivetran")


@pytest.fixture
def intercom(tmp_path) -> Filled:
    filled = Filled("intercom", tmp_path)
    land_intercom(filled.database)
    return filled


def test_a_conversation_is_a_ticket_of_its_persons_company_as_the_newest_version_says(intercom):
    intercom.load()
    assert intercom.rows(
        "select ticket_id, account_id, status, priority, channel, requester_id, satisfaction"
        " from raw_files.tickets order by 1"
    ) == [
        ("1", "acme", "closed", "priority", "email", "ann", "good"),
        ("2", "unassigned", "snoozed", None, None, None, None),
    ]


def test_parts_tell_statuses_and_what_the_customer_can_read(intercom):
    intercom.load()
    assert intercom.rows(
        "select event_id, field, value, actor_role from raw_files.ticket_events"
        " where ticket_id = '1' order by occurred_at, event_id, field"
    ) == [
        ("11", "public_comment", None, "agent"),
        ("13", "public_comment", None, "system"),
        ("opened", "public_comment", None, "end_user"),
        ("opened", "status", "open", "end_user"),
        ("14", "status", "closed", "agent"),
        ("15", "assignee", "7", "agent"),
    ]


def test_another_column_of_the_company_may_name_the_account(intercom):
    named = {"tickets": {"account_id": "coalesce(companies.company.crm_id, 'unassigned')"}}
    intercom.load(columns=named)
    found = intercom.rows("select account_id from raw_files.tickets order by 1")
    assert found == [("crm1",), ("unassigned",)]


def test_without_companies_a_conversation_is_nobodys_and_that_is_told(intercom):
    said = intercom.load("drop table intercom.company_history")
    assert "no conversation belongs to an account" in said
    found = intercom.rows("select distinct account_id from raw_files.tickets")
    assert found == [("unassigned",)]


def test_a_landing_without_conversations_is_refused(intercom):
    with pytest.raises(LoadError, match=r"conversation_history"):
        intercom.load("drop table intercom.conversation_history")


OPENED = "insert into intercom.conversation_history (id, updated_at, created_at, state, "


def test_what_the_team_opened_is_a_ticket_from_the_first_answer_on(intercom):
    """Its opening is no answer, so that the first response does not take 0 minutes."""
    intercom.load(
        f"{OPENED} source_author_type) values (3, '{NEW}', '{OLD}', 'open', 'admin'),"
        f" (4, '{NEW}', '{OLD}', 'open', 'admin')",
        f"{OPENED} source_delivered_as, first_contact_reply_created_at) values"
        f" (5, '{NEW}', '{OLD}', 'open', 'campaigns_initiated', '2025-06-02 08:00:00+00')",
        "insert into intercom.conversation_part_history (id, conversation_id, part_type,"
        f" author_type, created_at) values (31, 3, 'comment', 'admin', '{OLD}'),"
        " (32, 3, 'comment', 'user', '2025-06-02 10:00:00+00'),"
        " (33, 3, 'comment', 'admin', '2025-06-02 10:20:00+00')",
    )
    tickets = "select ticket_id, cast(created_at as varchar) from raw_files.tickets order by 1"
    assert intercom.rows(tickets)[2:] == [
        ("3", "2025-06-02 10:00:00"),
        ("5", "2025-06-02 08:00:00"),
    ]
    assert intercom.rows(
        "select event_id, field, actor_role from raw_files.ticket_events"
        " where ticket_id in ('3', '4') order by occurred_at, event_id"
    ) == [
        ("32", "public_comment", "end_user"),
        ("opened", "status", None),
        ("33", "public_comment", "agent"),
    ]


def test_a_message_of_nobody_is_not_taken_for_one_of_the_customer(intercom):
    said = intercom.load(
        "insert into intercom.conversation_part_history (id, conversation_id, part_type,"
        f" author_type, created_at) values (16, 1, 'comment', null, '{NEW}'),"
        f" (17, 1, 'comment', 'fin', '{NEW}')",
    )
    events = "select event_id, actor_role from raw_files.ticket_events where field ="
    assert intercom.rows(f"{events} 'public_comment' and event_id in ('16', '17')") == [
        ("16", None)
    ]
    # Nor is it known who opened the second conversation.
    opened = f"{events} 'public_comment' and ticket_id = '2'"
    assert intercom.rows(opened) == [("opened", None)]
    assert "'fin'" in said


@pytest.mark.parametrize(
    "table", ["contact_company_history", "conversation_contact_history", "company_history"]
)
def test_each_table_without_which_no_conversation_has_an_account_is_named(intercom, table):
    said = intercom.load(f"drop table intercom.{table}")
    assert f"intercom.{table} was not landed" in said
    assert "account" in said


def test_without_parts_it_is_told_that_nobody_knows_when_a_conversation_was_answered(intercom):
    said = intercom.load("drop table intercom.conversation_part_history")
    assert "when a conversation was answered, closed or reopened is not known" in said
