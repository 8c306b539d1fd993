"""What happened up to a day never depends on how far the demo is generated."""

import json
from datetime import date, datetime
from types import SimpleNamespace

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from demo.accounts import Change
from demo.clock import at, month_of
from demo.company import DemoError, generate
from demo.crm import segment_in
from tests.python.demo.exports import Company

FIRST, LATER = date(2023, 5, 17), date(2023, 6, 12)
CUT = 1_684_368_000  # 2023-05-18 00:00 UTC
SCALE = 0.1


@pytest.fixture(scope="module")
def early(tmp_path_factory):
    home = tmp_path_factory.mktemp("early")
    generate(home, until=FIRST, scale=SCALE)
    return Company(home)


@pytest.fixture(scope="module")
def late(tmp_path_factory):
    home = tmp_path_factory.mktemp("late")
    generate(home, until=LATER, scale=SCALE)
    return Company(home)


@pytest.fixture(scope="module")
def extended(tmp_path_factory):
    home = tmp_path_factory.mktemp("extended")
    generate(home, until=FIRST, scale=SCALE)
    before = {path.name: path.read_bytes() for path in Company(home).track_files()}
    for until in (date(2023, 5, 18), date(2023, 6, 2), LATER):
        generate(home, until=until, scale=SCALE)
    return Company(home), before


def texts(rows):
    return {json.dumps(row, sort_keys=True) for row in rows}


@pytest.mark.parametrize(
    ("vendor", "name", "moment"),
    [
        ("stripe", "events", lambda row: row["created"]),
        ("stripe", "charges", lambda row: row["created"]),
        ("zendesk", "ticket_field_history", lambda row: unix(row["updated"])),
        ("zendesk", "ticket_comments", lambda row: unix(row["created_at"])),
        ("zendesk", "organizations", lambda row: unix(row["created_at"])),
        ("zendesk", "users", lambda row: unix(row["created_at"])),
        ("salesforce", "AccountHistory", lambda row: unix(row["CreatedDate"])),
        ("salesforce", "Churn_Reason__c", lambda row: unix(row["SystemModstamp"])),
        ("delighted", "survey_requests", lambda row: int(row["sent_at"])),
    ],
)
def test_facts_stay_as_they_were(early, late, vendor, name, moment):
    then = texts(getattr(early, vendor)(name))
    now = texts(row for row in getattr(late, vendor)(name) if moment(row) < CUT)
    assert then == now


def test_touchpoints_know_nothing_of_a_later_segment():
    moments = [at(2024, 3, 10, 9), at(2024, 8, 1, 0)]
    history = [
        Change(moments[0], "Segment__c", "SMB", "Mid-Market"),
        Change(moments[0], "CSM__c", "a", "b"),
        Change(moments[1], "Segment__c", "Mid-Market", "Enterprise"),
    ]
    life = SimpleNamespace(account=SimpleNamespace(segment="Enterprise", history=history))
    found = [segment_in(life, month_of(at(2024, month, 15, 0))) for month in (2, 3, 4, 8, 9)]
    assert found == ["SMB", "SMB", "Mid-Market", "Mid-Market", "Enterprise"]


def unix(text):
    return int(datetime.fromisoformat(text).timestamp())


@pytest.mark.parametrize("name", ["Account", "Contact", "Opportunity", "Task", "Event"])
def test_crm_rows_appear_when_they_were_created(early, late, name):
    then = {(row["Id"], row["CreatedDate"]) for row in early.salesforce(name)}
    now = {(row["Id"], row["CreatedDate"]) for row in late.salesforce(name)}
    assert then == {pair for pair in now if unix(pair[1]) < CUT}


def test_truth_of_closed_months_stays(early, late):
    then = {
        (row["account_id"], row["month"]): row
        for row in early.truth("account_month")
        if row["month"] < date(2023, 5, 1)
    }
    now = {
        (row["account_id"], row["month"]): row
        for row in late.truth("account_month")
        if row["month"] < date(2023, 5, 1)
    }
    assert then == now


def test_history_files_do_not_depend_on_the_end(early, late):
    for path in early.track_files()[:-1]:
        assert path.read_bytes() == (late.track_files()[0].parent / path.name).read_bytes()


def test_growing_only_adds_track_files(extended):
    company, before = extended
    names = {path.name for path in company.track_files()}
    for name, content in before.items():
        assert (company.track_files()[0].parent / name).read_bytes() == content
    added = sorted(names - set(before))
    assert added[0] == "tracks_2023-05-18.parquet"
    assert added[-1] == "tracks_2023-06-12.parquet"
    assert len(added) == 26


def test_growing_day_by_day_gives_the_same_company(extended, late):
    company, _ = extended
    for folder in ("exports/stripe", "exports/salesforce", "exports/zendesk", "truth"):
        for path in sorted((late.home / folder).iterdir()):
            assert (company.home / folder / path.name).read_bytes() == path.read_bytes()
    order = [("received_at", "ascending"), ("message_id", "ascending")]
    assert company.tracks().sort_by(order).equals(late.tracks().sort_by(order))


def test_daily_files_hold_the_day_of_receipt(extended):
    company, before = extended
    for path in (path for path in company.track_files() if path.name not in before):
        days = pc.unique(pc.cast(pq.read_table(path)["received_at"], "date32"))
        assert days.to_pylist() == [date.fromisoformat(path.stem.removeprefix("tracks_"))]


def test_the_same_day_again_changes_nothing(tmp_path):
    generate(tmp_path, until=date(2023, 2, 3), scale=SCALE)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    generate(tmp_path, until=date(2023, 2, 3), scale=SCALE)
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}


def test_another_seed_is_another_company(tmp_path):
    one = generate(tmp_path / "one", until=date(2023, 1, 31), scale=SCALE)
    two = generate(tmp_path / "two", until=date(2023, 1, 31), scale=SCALE, seed=7)
    assert one.events != two.events


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"until": date(2023, 1, 20)}, "cannot go back to 2023-01-20"),
        ({"until": date(2023, 2, 28), "scale": 0.2}, "scale 0.1"),
        ({"until": date(2023, 2, 28), "seed": 5}, "CSW_HOME"),
        ({"until": date(2022, 12, 31)}, "starts on 2023-01-01"),
        ({"scale": 0}, "above 0"),
    ],
)
def test_what_cannot_be_done_says_why(tmp_path, asked, words):
    generate(tmp_path, until=date(2023, 1, 31), scale=SCALE)
    with pytest.raises(DemoError, match=words):
        generate(tmp_path, **{"scale": SCALE, **asked})


def test_an_unfinished_run_leaves_nothing_behind(tmp_path):
    tracks = tmp_path / "exports" / "segment" / "tracks"
    tracks.mkdir(parents=True)
    (tracks / "tracks_2025-11.parquet").write_bytes(b"half")
    generate(tmp_path, until=date(2023, 1, 20), scale=SCALE)
    (tracks / "tracks_2023-01-28.parquet").write_bytes(b"half")
    generate(tmp_path, until=date(2023, 1, 22), scale=SCALE)
    assert sorted(path.name for path in tracks.iterdir()) == [
        "tracks_2023-01-21.parquet",
        "tracks_2023-01-22.parquet",
        "tracks_2023-01.parquet",
    ]
