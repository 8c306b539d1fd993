"""Names, addresses and free words of people are published in marked columns only."""

import re
from dataclasses import replace

import duckdb
import pytest

from orchestration.home import Home
from orchestration.publish import SCHEMA, read_publication

from .judging import assert_none, breaches, model, objects
from .personal_data import (
    EMAIL,
    EXCEPTIONS,
    PHONE,
    personal_columns,
    personal_values,
    published_tables,
    unmarked_person,
)
from .project import Column, Project

MART = model("marts/success/mart_people.sql", columns={"email": Column(is_personal=True)})


def test_columns_that_tell_of_a_person_are_marked(project: Project) -> None:
    assert_none(breaches(unmarked_person, published_tables(project)))


def test_name_rule_objects() -> None:
    assert objects(unmarked_person, replace(MART, columns={"billing_email": Column()}))
    assert objects(unmarked_person, replace(MART, columns={"contact_name": Column()}))
    assert not objects(unmarked_person, MART)
    assert not objects(unmarked_person, replace(MART, columns={"account_name": Column()}))


def test_the_marks_are_those_of_the_yaml_beside_the_models(project: Project) -> None:
    marked = personal_columns(published_tables(project))
    assert {"dim_contact.email", "dim_csm.csm_name", "fct_touchpoint.subject"} <= marked
    assert "dim_account.account_name" not in marked


def test_no_address_or_number_of_a_person_is_published_without_a_mark(
    demo_home: Home, project: Project
) -> None:
    publication = read_publication(demo_home.published)
    database = demo_home.published / publication.database
    with duckdb.connect(str(database), read_only=True) as connection:
        found = list(personal_values(connection, SCHEMA))
    marked = personal_columns(published_tables(project))
    assert [(place, kind) for place, kind in found if place not in marked | set(EXCEPTIONS)] == []
    # The scan does find what is there.
    assert ("dim_contact.email", "e-mail address") in found
    assert set(EXCEPTIONS) <= {place for place, _ in found} - marked


def test_the_scan_finds_a_value_wherever_it_stands() -> None:
    with duckdb.connect() as connection:
        connection.execute(
            "create table people as select 'call Ann at +49 30 1234 5678' as note,"
            " ['x', 'ann@acme.example'] as list, {'of': 'b@c.example'} as struct,"
            " 'nothing' as text, 4930123456 as number, date '2025-12-31' as day"
        )
        assert dict(personal_values(connection, "main")) == {
            "people.note": "phone number",
            "people.list": "e-mail address",
            "people.struct": "e-mail address",
        }


@pytest.mark.parametrize(
    "text",
    ["ann@acme.example", "Re: Ann.Lee+cs@mail.acme.co.uk, please", "<a_b@x-y.io>"],
)
def test_an_address_is_recognised(text: str) -> None:
    assert re.search(EMAIL, text)


@pytest.mark.parametrize("text", ["@acme", "a@b", "at 3 @ home.", "", "acme.example"])
def test_what_is_no_address_is_let_be(text: str) -> None:
    assert not re.search(EMAIL, text)


@pytest.mark.parametrize(
    "text",
    [
        "+49 30 1234 5678", "+1 (415) 555-0132", "0049 30 12345678", "call 415-555-2671",
        "(415) 555-2671", "415.555.2671", "+4915112345678",
    ],
)  # fmt: skip
def test_a_number_is_recognised(text: str) -> None:
    assert re.search(PHONE, text)


@pytest.mark.parametrize(
    "text",
    [
        "2025-12-31", "2025-12-31 10:00:00.123", "0018d000000000lAAA", "raises the risk (+0.43)",
        "sub_0049301234567", "1,234,567", "20251203T065424Z_1fd7eee0", "2001234567", "+12.5 % of 9",
        "in_1PryxF8Pi1CFhYLVF", "123e4567-e89b-12d3-a456-426614174000",
    ],
)  # fmt: skip
def test_what_is_no_number_is_let_be(text: str) -> None:
    assert not re.search(PHONE, text)
