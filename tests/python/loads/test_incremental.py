"""Loading again: nothing twice, changes as new versions, nothing lost when a load fails."""

from datetime import date
from pathlib import Path

import duckdb
import pytest

from orchestration.loads import build_dlt_source, build_pipeline, last_complete_day
from orchestration.loads.run import LoadRun
from tests.python.loads.delivery import ACCOUNTS, REQUIRED, Delivery

EVENTS = """\
event_id,account_id,user_id,event_name,occurred_at
E1,A1,U1,login,2024-01-01T08:00:00Z
E2,A1,U1,login,2024-01-02T23:59:00Z
E3,A1,U1,login,not a date
"""
USAGE = "account_id,usage_date,event_name,event_count\nA1,2024-02-01,login,3\n"


def snapshot(delivery: Delivery) -> list[tuple[object, ...]]:
    tables = delivery.query(
        "select table_name from duckdb_tables() where schema_name = 'raw_files'"
        # What was delivered, and what was wrong with it, is said anew for each delivery.
        " and table_name not like '\\_dlt%' escape '\\'"
        " and table_name not in ('rejects', 'deliveries') order by 1"
    )
    return [
        (table, *row)
        for (table,) in tables
        for row in delivery.query(f"select * from raw_files.{table} order by all")
    ]


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> tuple[Delivery, list[tuple[object, ...]]]:
    """A delivery loaded twice without a change, and the raw rows after the first time."""
    files = {**REQUIRED, "events/2024-01.csv": EVENTS, "usage_daily.csv": USAGE}
    delivery = Delivery(tmp_path_factory.mktemp("again")).load(files)
    first = snapshot(delivery)
    return delivery.load(), first


@pytest.fixture(scope="module")
def loaded(twice: tuple[Delivery, list[tuple[object, ...]]]) -> Delivery:
    return twice[0]


def test_the_same_input_twice_changes_nothing(
    twice: tuple[Delivery, list[tuple[object, ...]]],
) -> None:
    loaded, first = twice
    assert snapshot(loaded) == first
    assert loaded.counts("accounts") == (3, 0, 3, 0, 0)
    assert loaded.counts("usage_daily") == (1, 0, 1, 0, 0)
    assert loaded.counts("events", run=1) == (3, 2, 0, 1, 0)
    assert loaded.counts("events", run=2) == (3, 0, 2, 1, 0)


def test_a_row_that_stays_bad_is_one_reject_of_the_newest_run(loaded: Delivery) -> None:
    assert loaded.query("select run_id, source_line from raw_files.rejects") == [("run2", 4)]


def test_changed_rows_new_files_and_vanished_columns(loaded: Delivery, tmp_path: Path) -> None:
    again = Delivery(tmp_path)
    again.root.mkdir(exist_ok=True)
    (tmp_path / "warehouse.duckdb").write_bytes(loaded.warehouse.read_bytes())
    changed = (
        ACCOUNTS.replace("Beta", "Better")
        .replace(",created_at", ",born")
        .replace("2025-01-01T00:00:00Z\nA3", "2025-02-01T00:00:00Z\nA3")
    )
    again.runs = 2
    again.load(
        {
            **REQUIRED,
            "accounts.csv": changed,
            "events/2024-01.csv": EVENTS.replace("not a date", "2024-01-03"),
            "events/2024-02.csv": "event_id,account_id,user_id,event_name,occurred_at\n"
            "E9,A1,U1,login,2024-02-01\n",
        }
    )
    assert again.error is None
    versions = again.query(
        "select account_id, account_name, created_at is null from raw_files.accounts"
        " order by account_id, _dlt_load_id"
    )
    # created_at vanished, so every row is different from what was loaded before.
    assert versions == [
        ("A1", "Alpha", False),
        ("A1", "Alpha", True),
        ("A2", "Beta", False),
        ("A2", "Better", True),
        ("A3", "Gamma", False),
        ("A3", "Gamma", True),
    ]
    assert again.said("warning", None, "table accounts", "created_at", "gone")
    assert again.said("info", "accounts.csv", "table accounts", "born", "new")
    assert again.counts("subscriptions") == (3, 0, 3, 0, 0)
    assert again.counts("events") == (4, 2, 2, 0, 0)
    assert again.column("select event_id from raw_files.events order by 1") == [
        "E1",
        "E2",
        "E3",
        "E9",
    ]


def test_a_row_of_an_old_version_is_compared_with_that_version(tmp_path: Path) -> None:
    delivery = Delivery(tmp_path, source="delighted")
    header = "id,survey_type,score,created_at,updated_at\n"
    older, newer = "R1,nps,6,1700000000,1700000000\n", "R1,nps,9,1700000000,1700000500\n"
    for row, loaded in [(older, 1), (newer, 1), (older, 0), (newer, 0)]:
        delivery.load({"survey_responses.csv": header + row})
        assert delivery.counts("survey_response")[1] == loaded


def test_a_value_that_returns_is_a_new_version(tmp_path: Path) -> None:
    delivery = Delivery(tmp_path, source="delighted")
    for person, loaded in [("P1", 1), ("P2", 1), ("P1", 1), ("P1", 0)]:
        content = f"id,person,survey_type,sent_at\nR1,{person},nps,1700000000\n"
        delivery.load({"survey_requests.csv": content})
        assert delivery.counts("survey_request")[1] == loaded


def test_an_aborted_load_leaves_the_raw_data_and_can_be_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = Delivery(tmp_path).load(REQUIRED)
    before = snapshot(delivery)
    delivery.write({"users.csv": "user_id,account_id\nU1,A1\n", "tickets.csv": "ticket_id\n"})
    with monkeypatch.context() as patched:
        patched.setattr(LoadRun, "stream", _power_cut)
        with pytest.raises(Exception, match="power cut"):
            delivery.load()
    assert snapshot(delivery) == before
    request = delivery.request()
    pipeline = build_pipeline(request)
    pipeline.extract(build_dlt_source(request), loader_file_format="parquet")
    assert pipeline.has_pending_data  # as a load leaves it that is killed before it loads
    delivery.load({"tickets.csv": "ticket_id,account_id,created_at,status\n"})
    assert delivery.error is None
    assert delivery.counts("users") == (1, 1, 0, 0, 0)
    assert delivery.query("select count(*) from raw_files.users") == [(1,)]


@pytest.mark.long
@pytest.mark.parametrize("size", [0, 100])
def test_a_power_cut_that_tore_what_dlt_keeps_stops_no_load(tmp_path: Path, size: int) -> None:
    delivery = Delivery(tmp_path).load(REQUIRED)
    kept = delivery.request().state_dir
    torn = [path for path in sorted(kept.rglob("*")) if path.is_file() and path.stat().st_size]
    assert {"state.json", "files.schema.json"} <= {path.name for path in torn}
    for path in torn:
        if path.is_file():
            path.write_bytes(path.read_bytes()[:size])
            delivery.load()
            assert delivery.error is None, path
            assert delivery.counts("accounts") == (3, 0, 3, 0, 0), path


def _power_cut(*_: object) -> None:
    raise RuntimeError("power cut")


def test_rows_that_came_in_before_an_abort_are_recognised(tmp_path: Path) -> None:
    delivery = Delivery(tmp_path, source="segment")
    row = "{},login,2024-01-01T00:00:00Z,2024-01-01T00:00:01Z\n"
    header = "message_id,event,timestamp,received_at\n"
    # A vendor repeats deliveries: exact duplicates are kept as they came.
    delivery.load({"tracks/1.csv": header + row.format("M1") * 2 + row.format("M2")})
    with duckdb.connect(str(delivery.warehouse)) as connection:
        connection.execute("delete from raw_loads.delivered_files")
    delivery.load({"tracks/1.csv": header + row.format("M1") * 3 + row.format("M2")})
    assert delivery.counts("tracks") == (4, 1, 3, 0, 0)
    ids = delivery.column("select message_id from raw_segment.tracks order by 1")
    assert ids == ["M1", "M1", "M1", "M2"]


def test_two_homes_in_one_process_do_not_mix(tmp_path: Path) -> None:
    homes = [Delivery(tmp_path / name, source="delighted") for name in ("one", "two")]
    for home in homes:
        row = f"{home.root.name},P,nps,1700000000\n"
        home.load({"survey_requests.csv": f"id,person,survey_type,sent_at\n{row}"})
    for home in homes:
        home.load()
        assert home.counts("survey_request") == (1, 0, 1, 0, 0)
        assert home.column("select id from raw_delighted.survey_request") == [home.root.name]


def test_last_complete_day(loaded: Delivery) -> None:
    assert last_complete_day(loaded.warehouse, ["files"]) == date(2024, 2, 1)
    with pytest.raises(ValueError, match="give the as-of date"):
        last_complete_day(loaded.warehouse, ["zendesk"])


def test_nothing_is_left_in_the_work_folder(loaded: Delivery) -> None:
    assert list((loaded.root / "dlt").glob("work_*")) == []
