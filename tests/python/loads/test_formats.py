"""The same rows from CSV, JSON lines and Parquet, packed or not, one file or many."""

import gzip
import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.python.loads.delivery import Delivery


def moment(day: int, hour: int = 0) -> datetime:
    """A naive UTC time in January 2024, as landed."""
    return datetime(2024, 1, day, hour, tzinfo=UTC).replace(tzinfo=None)


ROWS = [
    {
        "id": f"T{i}",
        "is_deleted": i % 2 == 0,
        "account_id": "A1" if i else None,
        "subject": 'a "quoted", text' if i == 1 else "two\nlines" if i == 2 else f"s{i}",
        "activity_date": f"2024-01-0{i + 1}",
        "completed_date_time": f"2024-01-0{i + 1}T10:00:00.000+0200",
        "created_date": None,
        "system_modstamp": f"2024-01-0{i + 1}T00:00:00Z",
    }
    for i in range(4)
]
EXPECTED = [
    (
        row["id"],
        row["is_deleted"],
        row["account_id"],
        row["subject"],
        date(2024, 1, i + 1),
        moment(i + 1, 8),
        None,
        moment(i + 1),
    )
    for i, row in enumerate(ROWS)
]


def as_csv(rows: list[dict[str, object]], delimiter: str = ",", end: str = "\n") -> bytes:
    def cell(value: object) -> str:
        if value is None:
            return ""
        return '"' + str(value).replace('"', '""') + '"'

    lines = [delimiter.join(rows[0])]
    lines += [delimiter.join(cell(value) for value in row.values()) for row in rows]
    return (end.join(lines) + end).encode()


def as_json_lines(rows: list[dict[str, object]]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def as_parquet(path: Path, *, typed: bool) -> bytes:
    table = pa.Table.from_pylist(ROWS)
    if typed:
        moments = [moment(i + 1, 8).replace(tzinfo=UTC) for i in range(4)]
        stamps = [moment(i + 1) for i in range(4)]
        days = [date(2024, 1, i + 1) for i in range(4)]
        for name, array in {
            "activity_date": pa.array(days),
            "completed_date_time": pa.array(moments, pa.timestamp("ms", tz="Europe/Berlin")),
            "system_modstamp": pa.array(stamps, pa.timestamp("ns")),
        }.items():
            table = table.set_column(table.column_names.index(name), name, array)
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path)
    return path.read_bytes()


def salesforce_names(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    return [
        {"".join(word.title() for word in name.split("_")): value for name, value in row.items()}
        for row in rows
    ]


@pytest.fixture(scope="module")
def deliveries(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, bytes]]:
    scratch = tmp_path_factory.mktemp("parquet")
    return {
        "csv": {"Task.csv": as_csv(salesforce_names(ROWS))},
        "semicolons": {"tasks.csv": b"\xef\xbb\xbf" + as_csv(ROWS, ";", "\r\n")},
        "gzip": {"task.csv.gz": gzip.compress(as_csv(ROWS))},
        "json lines": {"tasks.jsonl": as_json_lines(ROWS)},
        "packed json": {"task.ndjson.gz": gzip.compress(as_json_lines(ROWS).rstrip(b"\n"))},
        "json array": {"tasks.json": json.dumps(ROWS, indent=1).encode()},
        "parquet": {"task.parquet": as_parquet(scratch / "t.parquet", typed=True)},
        "text parquet": {"task.parquet": as_parquet(scratch / "u.parquet", typed=False)},
        "folder": {
            "Task/1.csv": as_csv(ROWS[:2]),
            "Task/2.jsonl": as_json_lines(ROWS[2:3]),
            "Task/3.csv.gz": gzip.compress(as_csv(ROWS[3:])),
        },
    }


@pytest.mark.parametrize(
    "kind",
    [
        "csv",
        "semicolons",
        "gzip",
        "json lines",
        "packed json",
        "json array",
        "parquet",
        "text parquet",
        "folder",
    ],
)
def test_every_format_gives_the_same_rows(
    kind: str, deliveries: dict[str, dict[str, bytes]], tmp_path: Path
) -> None:
    delivery = Delivery(tmp_path, source="salesforce").load(deliveries[kind])
    assert delivery.error is None
    names = ", ".join(ROWS[0])
    assert delivery.query(f"select {names} from raw_salesforce.task order by id") == EXPECTED
    assert delivery.counts("task") == (4, 4, 0, 0, 0)
    lines = delivery.query("select _source_line from raw_salesforce.task order by id")
    if kind == "csv":
        assert lines == [(2,), (3,), (4,), (6,)]
    elif kind in ("json lines", "parquet"):
        assert lines == [(1,), (2,), (3,), (4,)]


def test_parquet_of_other_types(tmp_path: Path) -> None:
    path = tmp_path / "input" / "opportunity.parquet"
    path.parent.mkdir(parents=True)
    created = pa.array([moment(1)] * 3)
    table = pa.table(
        {
            "Id": pa.array([1.0, 2.0, 3.0]),
            "AccountId": pa.array([float("nan"), 7.0, None]),
            "Probability": pa.array([float("nan"), 0.25, None]),
            "StageName": ["won", "won", ""],
            "Amount": pa.array([10, 20, 30]),
            "IsWon": pa.array([1, 0, 7]),
            "CloseDate": created,
            "CreatedDate": pa.array(["2024-01-01", "2024-01-01T00:00:00+01:00", "2024-01-01"]),
            "SystemModstamp": created,
            "Tags__c": pa.array([["a"], [], None]),
        }
    )
    pq.write_table(table, path)
    delivery = Delivery(tmp_path, source="salesforce").load()
    assert delivery.error is None
    rows = delivery.query(
        "select id, account_id, probability, amount, is_won, close_date, created_date, tags__c"
        " from raw_salesforce.opportunity order by id"
    )
    day = date(2024, 1, 1)
    assert rows == [
        ("1", None, None, Decimal("10.00"), True, day, moment(1), '["a"]'),
        ("2", "7", "0.25", Decimal("20.00"), False, day, moment(1) - timedelta(hours=1), "[]"),
    ]
    column, reason, raw = delivery.rejects("opportunity.parquet")[3]
    assert column == "stage_name"
    assert "is_won '7' is not true or false" in reason
    assert json.loads(raw)["amount"] == 30


def test_stripe_objects_keep_their_json(tmp_path: Path) -> None:
    delivery = Delivery(tmp_path, source="stripe").load(
        {
            "events.jsonl": json.dumps(
                {
                    "id": "evt_1",
                    "type": "customer.subscription.created",
                    "created": 1700000000,
                    "data": {"object": {"id": "sub_1", "items": {"data": [1.5, None]}}},
                    "api_version": None,
                }
            )
            + "\n"
            + json.dumps({"id": "evt_2", "type": "x", "created": 1700000000123, "data": {}})
            + "\n"
            + json.dumps({"id": "evt_3", "type": "x", "created": 1.5, "data": None})
            + "\n",
            "customers.jsonl": '{"id": "cus_1", "created": 1700000000, "metadata": null}\n',
        }
    )
    (data,) = delivery.column("select data from raw_stripe.event")
    assert json.loads(data)["object"]["items"]["data"] == [1.5, None]
    rejects = delivery.rejects("events.jsonl")
    assert "milliseconds must be divided by 1000" in rejects[2][1]
    assert "created '1.5' is not a whole number" in rejects[3][1]
    assert "data is required and empty" in rejects[3][1]
    assert delivery.query("select metadata, currency from raw_stripe.customer") == [(None, None)]


def test_two_columns_of_one_name_and_names_the_loader_keeps(tmp_path: Path) -> None:
    delivery = Delivery(tmp_path, source="salesforce").load(
        {
            "User.csv": "Id,Name,NAME,SystemModstamp\n1,a,b,2024-01-01\n",
            "Contact.csv": "Id,SystemModstamp,_dlt_load_id,\nC1,2024-01-01,x,y\n",
            "Event.csv": "Id;StartDateTime;SystemModstamp\n",
        }
    )
    assert "User.csv, column name: two columns are named 'name'" in str(delivery.error)
    assert delivery.query("select id, unnamed_4 from raw_salesforce.contact") == [("C1", "y")]
    assert delivery.said("info", "Contact.csv", "_dlt_load_id", "left out")
    assert delivery.counts("event") == (0, 0, 0, 0, 0)


def test_every_declared_table_exists_without_files(tmp_path: Path) -> None:
    delivery = Delivery(tmp_path, source="zendesk").load()
    columns = delivery.column(
        "select column_name || ' ' || data_type from duckdb_columns()"
        " where schema_name = 'raw_zendesk' and table_name = 'ticket_comment'"
    )
    assert columns == [
        "id BIGINT",
        "ticket_id BIGINT",
        "author_id BIGINT",
        "public BOOLEAN",
        "created_at TIMESTAMP",
        "_dlt_load_id VARCHAR",
        "_source_file VARCHAR",
        "_source_line BIGINT",
    ]
