"""Bytes that are no text cost the row or the file they are in, and nothing beside it."""

import os
import zipfile
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from .delivery import REQUIRED, Delivery

ODD_NAME = os.fsdecode(b"notes \xff.csv")


def users_of(delivery: Delivery) -> list[str]:
    return delivery.column("select user_id from raw_files.users order by 1")


def rejects_of(delivery: Delivery) -> list[tuple]:
    return delivery.query("select source_line, column_name, reason from raw_files.rejects")


def test_bytes_in_a_parquet_file_that_are_no_text_reject_their_row(tmp_path: Path) -> None:
    delivery = Delivery(tmp_path)
    delivery.write(REQUIRED)
    ids = pa.array([b"U1", b"U\xff2", b"U3", None], pa.binary())
    table = pa.table({"user_id": ids, "account_id": ["A1", "A1", "A2", "A2"]})
    parquet.write_table(table, delivery.folder / "users.parquet")
    delivery.load()
    assert delivery.error is None
    assert users_of(delivery) == ["U1", "U3"]
    odd, empty = rejects_of(delivery)
    assert odd[:2] == (2, "user_id")
    assert "bytes that are not UTF-8; export the column as text" in odd[2]
    assert "required and empty" in empty[2]


def test_bytes_in_an_optional_column_are_not_taken_for_empty(tmp_path: Path) -> None:
    delivery = Delivery(tmp_path)
    delivery.write(REQUIRED)
    names = pa.array([b"Ann", b"B\xf6b", None], pa.binary())
    ids = ["U1", "U2", "U3"]
    table = pa.table({"user_id": ids, "account_id": ["A1", "A1", "A2"], "email": names})
    parquet.write_table(table, delivery.folder / "users.parquet")
    delivery.load()
    assert users_of(delivery) == ["U1", "U3"]
    assert [row[:2] for row in rejects_of(delivery)] == [(2, "email")]


def test_lines_of_json_with_zero_bytes_are_rejected_alone(tmp_path: Path) -> None:
    delivery = Delivery(tmp_path)
    delivery.write(REQUIRED)
    (delivery.folder / "users.jsonl").write_bytes(
        b'{"user_id":"U1","account_id":"A1"}\n'
        b'{"user_id":"U\x002","account_id":"A1"}\n'
        b'{"user_id":"U\\ud800","account_id":"A2"}\n'
        b'{"user_id":"\xff","account_id":"A2"}\n'
        b'{"user_id":"U5","account_id":"A2"}\n'
    )
    delivery.load()
    assert delivery.error is None
    assert users_of(delivery) == ["U1", "U5"]
    assert [row[0] for row in rejects_of(delivery)] == [2, 3, 4]


@pytest.mark.parametrize("source", ["files", "delighted"])
def test_a_stray_file_whose_name_is_no_text_is_named_and_left_out(
    tmp_path: Path, source: str
) -> None:
    delivery = Delivery(tmp_path, source=source)
    surveys = {"survey_requests.csv": "id,person,survey_type,sent_at\n"}
    delivery.write(REQUIRED if source == "files" else surveys)
    (delivery.folder / ODD_NAME).write_bytes(b"a,b\n1,2\n")
    delivery.load()
    assert delivery.error is None
    (said,) = [message for message in delivery.messages if "is not UTF-8" in message[4]]
    assert said[0] == ("warning" if source == "files" else "info")
    assert said[2] == "notes \\udcff.csv"


def test_an_archive_whose_names_are_no_text_is_an_error_of_that_file(tmp_path: Path) -> None:
    delivery = Delivery(tmp_path)
    delivery.write(REQUIRED)
    archive = delivery.folder / "users.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("\u00fcsers.csv", "user_id,account_id\nU1,A1\n")
    archive.write_bytes(archive.read_bytes().replace("\u00fc".encode(), b"\xff\xfe"))
    delivery.load()
    assert "users.zip: the zip file has names that are not UTF-8" in str(delivery.error)
    assert delivery.counts("accounts") == (3, 3, 0, 0, 0)


def test_a_file_of_a_table_whose_name_is_no_text_is_an_error_beside_what_loads(
    tmp_path: Path,
) -> None:
    delivery = Delivery(tmp_path)
    delivery.write({**REQUIRED, "users/1.csv": "user_id,account_id\nU1,A1\n"})
    (delivery.folder / "users" / ODD_NAME).write_bytes(b"user_id,account_id\nU2,A1\n")
    delivery.load()
    assert "users/notes \\udcff.csv" in str(delivery.error)
    assert delivery.counts("accounts") == (3, 3, 0, 0, 0)
    assert users_of(delivery) == ["U1"]


def test_a_file_of_a_tool_whose_name_is_no_text_is_none_of_ours(tmp_path: Path) -> None:
    delivery = Delivery(tmp_path)
    delivery.write(REQUIRED)
    for hidden in (".git", "__MACOSX"):
        (delivery.folder / hidden).mkdir()
        (delivery.folder / hidden / ODD_NAME).write_bytes(b"")
    delivery.load()
    assert delivery.error is None
    assert not [message for message in delivery.messages if "is not UTF-8" in message[4]]


@pytest.mark.parametrize(("kind", "exact"), [(pa.float64(), 2**53), (pa.float32(), 2**24)])
def test_an_id_that_a_float_may_have_rounded_is_rejected(
    tmp_path: Path, kind: pa.DataType, exact: int
) -> None:
    delivery = Delivery(tmp_path)
    delivery.write(REQUIRED)
    ids = pa.array([float(exact - 1), float(exact)], kind)
    table = pa.table({"user_id": ids, "account_id": ["A1", "A1"]})
    parquet.write_table(table, delivery.folder / "users.parquet")
    delivery.load()
    assert users_of(delivery) == [str(exact - 1)]
    assert [row[:2] for row in rejects_of(delivery)] == [(2, "user_id")]


def test_an_id_that_a_loader_took_for_a_decimal_is_whole(tmp_path: Path) -> None:
    delivery = Delivery(tmp_path)
    delivery.write(REQUIRED)
    ids = pa.array([Decimal("17"), Decimal("12345678901234567890")], pa.decimal128(38, 9))
    table = pa.table({"user_id": ids, "account_id": ["A1", "A1"]})
    parquet.write_table(table, delivery.folder / "users.parquet")
    delivery.load()
    assert users_of(delivery) == ["12345678901234567890", "17"]
