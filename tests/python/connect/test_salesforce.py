"""Salesforce by its API: deleted rows too, fields the org lacks left out, tokens renewed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from orchestration.connectors.engine import check
from orchestration.connectors.road import ConnectError
from tests.python.connect.company import (
    FIRST,
    SECOND,
    THIRD,
    Fetched,
    LoadError,
    assert_same,
    loaded,
    road,
)
from tests.python.connect.fake_salesforce import SECRET, FakeSalesforce
from tests.python.connect.server import Request

pytestmark = pytest.mark.road("Salesforce", "api")


@pytest.fixture
def salesforce(exports: Path) -> Iterator[FakeSalesforce]:
    """A company of a few accounts; pages are small."""
    with FakeSalesforce(page=5) as fake:
        fake.seed(exports / "salesforce")
        yield fake


@pytest.fixture
def fetched(salesforce: FakeSalesforce, tmp_path: Path) -> Fetched:
    way = road("salesforce", salesforce.url, SECRET, options={"domain": "acme"})
    return Fetched(way, tmp_path / "home")


def test_a_fetch_gives_the_rows_of_an_export(
    fetched: Fetched, exports: Path, tmp_path: Path
) -> None:
    report = fetched.fetch(FIRST)
    raw = fetched.load()
    exported = loaded("salesforce", exports / "salesforce", tmp_path / "other", 1, date(2026, 1, 1))
    assert_same(raw, exported)
    assert raw.said() == []
    assert raw.rejects() == []
    assert report.notes == []


def test_changed_and_deleted_rows_come_as_new_versions(
    fetched: Fetched, salesforce: FakeSalesforce
) -> None:
    fetched.fetch(FIRST)
    before = len(fetched.load().rows("account", ["id"]))
    changed, deleted = salesforce.objects["Account"][:2]
    changed.update(Name="New name", SystemModstamp="2026-01-01T10:00:00.000+0000")
    deleted.update(IsDeleted=True, SystemModstamp="2026-01-01T10:00:00.000+0000")
    report = fetched.fetch(SECOND)
    raw = fetched.load()
    assert report.rows["account"] == 2
    assert len(raw.rows("account", ["id"])) == before + 2
    newest = "select arg_max({}, system_modstamp) from raw_salesforce.account where id = '{}'"
    assert raw.query(newest.format("name", changed["Id"])) == [("New name",)]
    assert raw.query(newest.format("is_deleted", deleted["Id"])) == [(True,)]


def test_fields_the_org_does_not_have_are_left_out_and_named(
    fetched: Fetched, salesforce: FakeSalesforce
) -> None:
    salesforce.fields["Account"].remove("Segment__c")
    salesforce.hidden.add("Opportunity.Amount")
    del salesforce.objects["Health_Override__c"]
    report = fetched.fetch(FIRST)
    said = "\n".join(report.notes)
    assert "Account: not in the org" in said
    assert "segment__c" in said
    assert "Opportunity: not in the org" in said
    assert "Health_Override__c: the org has no object health_override__c" in said
    raw = fetched.load()
    assert raw.query("select count(segment__c) from raw_salesforce.account") == [(0,)]
    assert raw.said() == []
    # What stays so is said once.
    assert fetched.fetch(SECOND).notes == []
    # A field that the user may see by now is new in every row.
    salesforce.hidden.clear()
    fetched.fetch(THIRD)
    known = "select count(distinct id) from raw_salesforce.opportunity where amount is not null"
    assert fetched.load().query(known) == [(len(salesforce.objects["Opportunity"]),)]


def test_a_required_field_that_is_hidden_is_the_loaders_error(
    fetched: Fetched, salesforce: FakeSalesforce
) -> None:
    salesforce.hidden.add("Opportunity.StageName")
    fetched.fetch(FIRST)
    with pytest.raises(LoadError, match=r"opportunity/.*required column stage_name is missing"):
        fetched.load()


def test_a_session_that_ends_between_two_pages_is_renewed(
    fetched: Fetched, salesforce: FakeSalesforce
) -> None:
    def ended(_: int, request: Request) -> None:
        if "/queryAll/" in request.path and salesforce.tokens == 1:
            # Another token is the good one now.
            salesforce.tokens = 2

    salesforce.before = ended
    report = fetched.fetch(FIRST)
    assert salesforce.tokens == 3
    assert report.rows["account"] == len(salesforce.objects["Account"])


def test_a_secret_that_is_refused_is_not_quoted(salesforce: FakeSalesforce, tmp_path: Path) -> None:
    way = road("salesforce", salesforce.url, "wrong-secret", options={"domain": "acme"})
    with pytest.raises(ConnectError) as caught:
        Fetched(way, tmp_path).fetch(FIRST)
    assert "Salesforce, Account: the key is refused (400)" in str(caught.value)
    assert "env:CSW_TEST_SECRET" in str(caught.value)
    assert "wrong-secret" not in str(caught.value)


def test_a_check_counts_what_the_user_sees(fetched: Fetched, salesforce: FakeSalesforce) -> None:
    del salesforce.objects["AccountHistory"]
    seen = {sight.name: sight for sight in check(fetched.road)}
    assert seen["Account"].text.startswith(f"{len(salesforce.objects['Account'])} rows")
    assert not seen["AccountHistory"].seen
    assert "field history tracking" in seen["AccountHistory"].text
    assert not fetched.folder.exists()


def test_objects_and_fields_may_have_names_of_their_own(
    salesforce: FakeSalesforce, exports: Path, tmp_path: Path
) -> None:
    for row in salesforce.objects["Account"]:
        row["Tier__c"] = row.pop("Segment__c")
    fields = salesforce.fields["Account"]
    fields[fields.index("Segment__c")] = "Tier__c"
    for place in (salesforce.objects, salesforce.fields):
        place["Go_Live_Step__c"] = place.pop("Onboarding_Milestone__c")
    names = {"account.segment__c": "Tier__c", "onboarding_milestone__c": "Go_Live_Step__c"}
    options = {"domain": "acme", **names}
    fetched = Fetched(
        road("salesforce", salesforce.url, SECRET, options=options), tmp_path / "home"
    )
    assert fetched.fetch(FIRST).notes == []
    exported = loaded("salesforce", exports / "salesforce", tmp_path / "other", 1, date(2026, 1, 1))
    assert_same(fetched.load(), exported)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "company.yml does not say: domain"),
        ({"domain": "acme", "acount.segment__c": "Tier__c"}, "no option acount.segment__c"),
        ({"domain": "acme", "account.segment__c": "Tier__c"}, "Account: option account.segment__c"),
    ],
)
def test_an_option_that_fits_nothing_is_named(
    salesforce: FakeSalesforce, tmp_path: Path, options: dict[str, str], words: str
) -> None:
    with pytest.raises(ConnectError, match=words):
        Fetched(road("salesforce", salesforce.url, SECRET, options=options), tmp_path).fetch(FIRST)
