"""HubSpot by its API: the rows that Fivetran's tables give, and what changes between fetches."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from orchestration.connectors.contract import contract_of
from orchestration.connectors.engine import check
from orchestration.connectors.road import ConnectError
from orchestration.loads import Landed
from orchestration.loads.adapters import read_adapter
from tests.python.connect.company import Fetched, at, filling, loaded, road
from tests.python.connect.fake_hubspot import TOKEN, FakeHubspot
from tests.python.connect.hubspot_company import seed
from tests.python.connect.server import Answer, Request
from tests.python.landed.fivetran_hubspot import land_hubspot

pytestmark = pytest.mark.long

FIRST, SECOND, THIRD = at("2025-06-30"), at("2025-07-01"), at("2025-07-02")
TABLES = ("accounts", "csms", "contacts", "opportunities", "touchpoints", "tickets")
AS_OF = date(2025, 6, 30)


@pytest.fixture
def hubspot() -> Iterator[FakeHubspot]:
    with FakeHubspot(page=2) as fake:
        seed(fake)
        yield fake


@pytest.fixture
def fetched(hubspot: FakeHubspot, tmp_path: Path) -> Fetched:
    return Fetched(road("hubspot", f"{hubspot.url}/", TOKEN), tmp_path / "home")


@pytest.mark.road("HubSpot", "api")
def test_a_fetch_gives_the_rows_that_landed_tables_give(fetched: Fetched, tmp_path: Path) -> None:
    report = fetched.fetch(FIRST)
    assert report.notes == []
    raw = fetched.load(AS_OF)
    land_hubspot(tmp_path / "landed.duckdb")
    landed = Landed.of("fivetran", tmp_path / "landed.duckdb", "hubspot")
    other = loaded(
        "files",
        tmp_path / "none",
        tmp_path / "other",
        1,
        AS_OF,
        **filling("hubspot", landed),
    )
    for table in (*TABLES, "ticket_events"):
        columns = sorted(other.columns(table) - {"updated_at", "is_active"})
        assert raw.rows(table, columns) == other.rows(table, columns), table
        assert raw.rows(table, columns), table
    assert [row[0] for row in raw.rejects()] == ["opportunities"]
    assert raw.rows("csms", ["csm_id", "is_active"]) == [("8", True), ("9", True)]


def test_a_property_that_was_cleared_is_none(fetched: Fetched, hubspot: FakeHubspot) -> None:
    hubspot.put("companies", 101, {"name": "", "domain": "acme.example", "hubspot_owner_id": ""})
    fetched.fetch(FIRST)
    raw = fetched.load(AS_OF)
    found = raw.rows("accounts", ["account_id", "account_name", "csm_id"])
    assert ("101", "acme.example", None) in found


def test_what_changed_since_is_a_new_row_and_nothing_comes_twice(
    fetched: Fetched, hubspot: FakeHubspot
) -> None:
    fetched.fetch(FIRST)
    fetched.load(AS_OF)
    assert fetched.fetch(SECOND).rows == {}
    raw = fetched.load(AS_OF)
    assert raw.query("select count(*) from raw_files.accounts") == [(3,)]
    hubspot.put("companies", 101, {"hubspot_owner_id": "8"}, at="2025-06-30T10:00:00.000Z")
    hubspot.put("companies", 104, {"name": "New"}, at="2025-06-30T10:00:00.000Z")
    assert fetched.fetch(THIRD).rows == {"companies": 2}
    raw = fetched.load(AS_OF)
    assert raw.rows("accounts", ["account_id", "csm_id"]) == [
        ("101", "8"),
        ("101", "9"),
        ("102", None),
        ("103", None),
        ("104", None),
    ]
    # A deal of no known kind.
    assert [said[1] for said in raw.said()] == ["opportunities"]


def test_an_association_that_changed_moves_a_deal_although_the_deal_is_as_it_was(
    fetched: Fetched, hubspot: FakeHubspot
) -> None:
    fetched.fetch(FIRST)
    fetched.load(AS_OF)
    links = {"companies": [("102", "deal_to_company"), ("102", "deal_to_company_unlabeled")]}
    hubspot.put("deals", 302, {}, links)
    fetched.fetch(SECOND)
    raw = fetched.load(AS_OF)
    newest = (
        "select account_id from raw_files.opportunities where opportunity_id = '302'"
        " order by _dlt_load_id desc limit 1"
    )
    assert raw.query(newest) == [("102",)]


@pytest.mark.parametrize("how", ["archive", "purge"])
def test_what_was_deleted_is_told_so(how: str, fetched: Fetched, hubspot: FakeHubspot) -> None:
    fetched.fetch(FIRST)
    fetched.load(AS_OF)
    for name, key in (("companies", 102), ("contacts", 201), ("deals", 302), ("tickets", 501)):
        if how == "archive":
            hubspot.archive(name, key, "2025-06-30T12:00:00.000Z")
        else:
            hubspot.purge(name, key)
    fetched.fetch(SECOND)
    raw = fetched.load(AS_OF)
    deleted = (
        "select is_deleted, account_name, updated_at > '2025-06-29' from raw_files.accounts"
        " where account_id = '102' order by updated_at desc nulls last limit 1"
    )
    assert raw.query(deleted) == [(True, "nameless.example", True)]
    status = "select arg_max(status, updated_at) from raw_files.tickets where ticket_id = '501'"
    assert raw.query(status) == [("deleted",)]
    there = "select count(*) from raw_files.{} where _gone_load_id is null and {} = '{}'"
    assert raw.query(there.format("opportunities", "opportunity_id", "302")) == [(0,)]
    assert fetched.fetch(THIRD).rows == {}


def test_an_object_that_is_restored_is_there_again(fetched: Fetched, hubspot: FakeHubspot) -> None:
    fetched.fetch(FIRST)
    fetched.load(AS_OF)
    row = hubspot.objects["deals"].pop(1)
    fetched.fetch(SECOND)
    fetched.load(AS_OF)
    hubspot.objects["deals"].append(row)
    fetched.fetch(THIRD)
    raw = fetched.load(AS_OF)
    assert raw.rows("opportunities", ["opportunity_id"])[-1] == (row["id"],)
    there = (
        "select count(*) from raw_files.opportunities"
        f" where opportunity_id = '{row['id']}' and _gone_load_id is null"
    )
    assert raw.query(there) == [(1,)]


def test_properties_of_ones_own_are_asked_for_and_read(
    hubspot: FakeHubspot, tmp_path: Path
) -> None:
    columns = {
        "accounts": {
            "csm_id": "coalesce(property_own_csm, property_hubspot_owner_id)",
            "segment": "property_own_tier",
        }
    }
    hubspot.put("companies", 101, {"own_csm": "8", "own_tier": "enterprise"})
    hubspot.put("companies", 102, {"hubspot_owner_id": "9"})
    way = road("hubspot", f"{hubspot.url}/", TOKEN, columns=columns)
    fetched = Fetched(way, tmp_path / "home")
    fetched.fetch(FIRST)
    raw = fetched.load(AS_OF)
    assert raw.rows("accounts", ["account_id", "csm_id", "segment"])[:2] == [
        ("101", "8", "enterprise"),
        ("102", "9", None),
    ]


def test_a_property_that_is_named_later_is_read_of_every_company(
    fetched: Fetched, hubspot: FakeHubspot
) -> None:
    hubspot.put("companies", 101, {"own_tier": "enterprise"})
    fetched.fetch(FIRST)
    fetched.load(AS_OF)
    columns = {"accounts": {"segment": "property_own_tier"}}
    later = Fetched(
        road("hubspot", f"{hubspot.url}/", TOKEN, columns=columns), fetched.home, loads=1
    )
    assert later.fetch(SECOND).rows == {"companies": 3}
    raw = later.load(AS_OF)
    assert ("101", "enterprise") in raw.rows("accounts", ["account_id", "segment"])


def test_a_property_that_the_account_does_not_have_is_refused_with_the_nearest(
    hubspot: FakeHubspot, tmp_path: Path
) -> None:
    hubspot.put("companies", 101, {"own_tier": "enterprise"})
    columns = {"accounts": {"segment": "property_own_tire"}}
    fetched = Fetched(road("hubspot", f"{hubspot.url}/", TOKEN, columns=columns), tmp_path / "home")
    told = r"HubSpot, companies: .*property_own_tire, .*did you mean own_tier\?"
    with pytest.raises(ConnectError, match=told):
        fetched.fetch(FIRST)


def test_of_more_associations_than_a_list_shows_all_are_read(
    fetched: Fetched, hubspot: FakeHubspot
) -> None:
    hubspot.links = 2
    pairs = [(str(900 + number), "deal_to_company_unlabeled") for number in range(5)]
    links = {"companies": [*pairs, ("101", "deal_to_company")]}
    hubspot.put("deals", 302, {}, links)
    fetched.fetch(FIRST)
    raw = fetched.load(AS_OF)
    assert ("302", "101") in raw.rows("opportunities", ["opportunity_id", "account_id"])


def test_an_object_that_is_made_or_deleted_while_pages_are_read_hides_no_other(
    fetched: Fetched, hubspot: FakeHubspot
) -> None:
    for key in range(110, 118):
        hubspot.put("companies", key, {"name": f"Company {key}"})
    pages = 0

    def meanwhile(_: int, request: Request) -> None:
        nonlocal pages
        if request.path.endswith("objects/companies"):
            pages += 1
            if pages == 3:
                hubspot.archive("companies", 101, "2025-06-30T00:00:01.000Z")
                hubspot.put("companies", 100, {"name": "Late"})

    hubspot.before = meanwhile
    fetched.fetch(FIRST)
    raw = fetched.load(AS_OF)
    found = {row[0] for row in raw.rows("accounts", ["account_id"])}
    assert found >= {str(key) for key in (101, 102, 103, *range(110, 118))}
    assert raw.query("select is_deleted from raw_files.accounts where account_id = '101'") == [
        (True,)
    ]


def test_the_limit_of_requests_is_waited_for_and_named_where_it_stays(
    fetched: Fetched, hubspot: FakeHubspot
) -> None:
    limit = {"status": "error", "message": "You have reached your limit.", "policyName": "DAILY"}
    hubspot.fail("contacts", Answer(limit, status=429), times=2)
    fetched.fetch(FIRST)
    hubspot.fail("contacts", Answer(limit, status=429), times=99)
    with pytest.raises(ConnectError, match=r"HubSpot, contacts: the limit of requests.*DAILY"):
        fetched.fetch(SECOND)
    hubspot.faults.clear()
    assert fetched.fetch(SECOND).rows == {}


def test_a_token_without_a_scope_goes_on_where_it_can(
    fetched: Fetched, hubspot: FakeHubspot
) -> None:
    hubspot.scopes -= {"tickets", "sales-email-read"}
    report = fetched.fetch(FIRST)
    assert [note.split(":")[0] for note in report.notes] == [
        "HubSpot, pipelines of tickets",
        "HubSpot, tickets",
        "HubSpot, emails",
    ]
    raw = fetched.load(AS_OF)
    assert raw.rows("tickets", ["ticket_id"]) == []
    assert len(raw.rows("touchpoints", ["touchpoint_id"])) == 2
    seen = {sight.name: (sight.seen, sight.tables) for sight in check(fetched.road)}
    assert seen["companies"] == (True, ["accounts"])
    assert seen["tickets"] == (False, ["tickets", "ticket_events"])
    hubspot.scopes -= {"crm.objects.companies.read"}
    with pytest.raises(ConnectError, match=r"HubSpot, companies: .*crm\.objects\.companies\.read"):
        fetched.fetch(SECOND)


def test_a_token_that_is_refused_is_told_where_to_get_one(
    hubspot: FakeHubspot, tmp_path: Path
) -> None:
    fetched = Fetched(road("hubspot", f"{hubspot.url}/", "wrong"), tmp_path / "home")
    with pytest.raises(ConnectError, match=r"refused \(401\).*private app"):
        fetched.fetch(FIRST)
    assert fetched.files() == []


def test_a_page_that_is_cut_is_asked_for_again_and_one_without_its_list_is_refused(
    fetched: Fetched, hubspot: FakeHubspot
) -> None:
    hubspot.fail("companies", Answer({"results": [{}] * 9}, cut="with its own length"), times=2)
    hubspot.fail("objects/deals", Answer({"paging": {}}))
    with pytest.raises(ConnectError, match="HubSpot, deals: the answer has no list"):
        fetched.fetch(FIRST)
    fetched.fetch(FIRST)
    assert len(fetched.load(AS_OF).rows("accounts", ["account_id"])) == 3


def test_the_adapter_asks_for_every_property_that_it_reads() -> None:
    adapter = read_adapter("api", "hubspot")
    contract = contract_of("hubspot")
    for resource in contract.resources.values():
        asked = str(resource.endpoint.get("params", {}).get("properties", "")).split(",")
        for relation in adapter.relations.values():
            if set(relation.names) & set(resource.tables):
                for column in relation.columns.values():
                    names = [each for each in (column.name, *column.also) if "property_" in each]
                    assert not names or names[-1].removeprefix("property_") in asked, column
